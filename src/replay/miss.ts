import type { Span } from "./label.ts";

/**
 * What answers a request that no recorded answer fits: `close` is an orderly end of the connection (FIN), `empty-200`
 * a 200 without a body. There is no third: a miss never reaches the network.
 */
export type MissPolicy = "close" | "empty-200";

/** What goes back for one request. */
export interface Answer {
  readonly response: Uint8Array;
  readonly spans: readonly Span[];
  /** Leading bytes of `response` that may go out before the request is whole (`100 Continue`). */
  readonly interimBytes: number;
  /** This side is closed after the answer. */
  readonly closes: boolean;
}

const EMPTY_200 = new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

const CLOSE: Answer = { response: new Uint8Array(0), spans: [], interimBytes: 0, closes: true };

const EMPTY: Answer = {
  response: EMPTY_200,
  spans: [{ label: "refused", bytes: EMPTY_200.length }],
  interimBytes: 0,
  closes: false,
};

export function missAnswer(policy: MissPolicy): Answer {
  switch (policy) {
    case "close":
      return CLOSE;
    case "empty-200":
      return EMPTY;
  }
}
