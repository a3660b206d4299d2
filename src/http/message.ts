import type { Headers } from "./headers.ts";

/** A whole request, its body after transfer decoding. */
export interface RequestMessage {
  readonly method: string;
  readonly uri: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** 9, 10 or 11: ten times major plus minor version. */
  readonly version: number;
  /** Whether the connection stays open after the answer (RFC 9112 §9.3). */
  readonly keepAlive: boolean;
}

/** A whole response, its body after transfer decoding. */
export interface ResponseMessage {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly version: number;
  readonly keepAlive: boolean;
  /** False where the connection ended before the body did. */
  readonly complete: boolean;
}
