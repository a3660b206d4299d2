import { ResponseReader } from "../../src/http/reader.ts";
import { type Label, labelOf } from "../../src/replay/label.ts";
import type { Tape, TapeEntry } from "../../src/replay/tape.ts";

/** A recorded exchange for recorded.py; bytes in base64. */
export interface RecordedExchange {
  readonly method: string;
  readonly uri: string;
  readonly label: Label;
  /** The final answer as it was on the wire. */
  readonly response: string;
  /** Its body after transfer decoding. */
  readonly body: string;
}

/**
 * What a proxy can be given of a tape's answers of one server. It deals in HTTP messages: where the server stayed silent,
 * or sent bytes that are no message, there is none, and the miss policy answers.
 */
export function exchangesOf(tape: Tape, address: string, port: number): RecordedExchange[] {
  return tape.entries
    .filter(({ server }) => server.address === address && server.port === port)
    .flatMap((entry) => {
      const body = bodyOf(entry);
      if (body === null) return [];
      const { method, uri, spans, response, interimBytes } = entry;
      return [
        {
          method,
          uri,
          label: labelOf(spans),
          response: base64(response.subarray(interimBytes)),
          body: base64(body),
        },
      ];
    });
}

function bodyOf({ method, response, interimBytes, status }: TapeEntry): Uint8Array | null {
  if (status === null) return null;
  const reader = new ResponseReader();
  reader.expect(method);
  const read = [...reader.push(response.subarray(interimBytes)), ...reader.end()];
  const [message] = read;
  // HTTP/0.9 has no head.
  return message === undefined || message.version === 9 ? null : message.body;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
