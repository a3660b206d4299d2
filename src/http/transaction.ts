import type { Endpoint } from "../base/net.ts";
import type { Anomaly } from "./anomaly.ts";

/** One request and the response to it, as found in a capture (DESIGN §6). */
export interface Transaction {
  readonly client: Endpoint;
  readonly server: Endpoint;
  /** When the first byte of the request, the last byte of the request, and the last byte of the response were seen. */
  readonly requestStartNs: bigint;
  readonly requestEndNs: bigint;
  readonly responseEndNs: bigint | null;
  readonly method: string;
  /** Value of the Host header, or "" without one. */
  readonly host: string;
  /** The request target as it was sent. */
  readonly uri: string;
  /** `null`: no response in the capture, or the answer of HTTP/0.9, which has no status line. */
  readonly status: number | null;
  /** Body lengths in bytes after transfer decoding (chunks joined), before content decoding. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Media type of the response without parameters, or "". */
  readonly contentType: string;
  /** False where a gap, a cut packet or the capture's end broke a body off. */
  readonly complete: boolean;
  /** How many requests of the capture were completed (or broken off) before this one: the order of the records. */
  readonly order?: number;
  /** What was wrong with the two messages, by name (see anomaly.ts); absent when nothing was. */
  readonly anomalies?: readonly Anomaly[];
  /** Only where the reader asked for them (`keepBytes`): the messages as they were on the wire, head and body, chunks and all. */
  readonly raw?: { readonly request: Uint8Array; readonly response: Uint8Array };
}
