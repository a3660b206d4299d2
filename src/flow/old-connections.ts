import type { Connection } from "./connection.ts";

/** How far a segment may be from where an old connection stands, to be taken for one of it. */
const FIT_BYTES = 1 << 20;

/**
 * Connections whose addresses and ports a new one has taken before their end was seen. What still arrives of them is
 * told by its sequence number, so that a capture in another order gives the same answer. At most one for each flow.
 */
export class OldConnections {
  readonly #bySlot = new Map<number, Connection>();

  get size(): number {
    return this.#bySlot.size;
  }

  add(connection: Connection): void {
    this.#bySlot.set(connection.slot, connection);
  }

  of(slot: number): Connection | undefined {
    return this.#bySlot.get(slot);
  }

  remove(connection: Connection): void {
    this.#bySlot.delete(connection.slot);
  }

  /**
   * The old connection of a flow, if a segment of `direction` (the flow table's) belongs to it.
   *
   * @param next where the new connection's stream stands, `null` where that is not known
   */
  find(slot: number, direction: 0 | 1, sequence: number, next: number | null): Connection | null {
    const old = this.#bySlot.get(slot);
    if (old === undefined) return null;
    const stream = old.streams[(direction ^ old.flip) as 0 | 1];
    if (!stream.isAnchored) return null;
    const distance = Math.abs(stream.ahead(sequence));
    if (distance > FIT_BYTES) return null;
    return next === null || distance < Math.abs((sequence - next) | 0) ? old : null;
  }
}
