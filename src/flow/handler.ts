import type { FlowTuple } from "./tuple.ts";

/** What a reader of streams wants to be told about a connection from now on. */
export const INTEREST = {
  all: 0,
  /** Nothing so far; a segment that `wakes` brings the connection back. */
  dormant: 1,
  none: 2,
} as const;

export type Interest = (typeof INTEREST)[keyof typeof INTEREST];

/**
 * Takes the two byte streams of one TCP connection. Direction 0 is sent by `tuple.source`. Calls come in an order in
 * which the bytes can have been sent: what a segment acknowledges was handed over before it. Objects are used again for
 * other connections after `close`.
 */
export interface StreamHandler {
  open(tuple: FlowTuple): void;
  /** The next bytes of a direction, bytes[start, end); valid during the call only. */
  data(direction: 0 | 1, bytes: Uint8Array, start: number, end: number): void;
  /** `count` bytes of a direction are not in the capture. */
  gap(direction: 0 | 1, count: number): void;
  /** A direction is over; `isOrderly`: by FIN. Exactly once for each direction, before `close`. */
  end(direction: 0 | 1, isOrderly: boolean): void;
  close(): void;
  /** Asked after each call. */
  readonly interest: Interest;
}

/** The capture's time, read only when somebody asks: making a bigint for each packet would cost more than reading it. */
export class Moment {
  #record: { readonly timeNs: bigint } = { timeNs: 0n };
  #held: bigint | null = null;

  get nowNs(): bigint {
    return this.#held ?? this.#record.timeNs;
  }

  /** Follow this record's time. */
  at(record: { readonly timeNs: bigint }): void {
    this.#record = record;
    this.#held = null;
  }

  /** Stand at the time of a segment that was held; `null` returns to the record's time. */
  hold(timeNs: bigint | null): void {
    this.#held = timeNs;
  }
}
