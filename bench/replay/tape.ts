import { Tape } from "../../src/replay/tape.ts";
import { CLIENT, CNC } from "./places.ts";
import { BODY, URI } from "./responder.ts";

const encoder = new TextEncoder();
const REQUEST = encoder.encode(`GET ${URI} HTTP/1.1\r\nHost: ${CNC.address}\r\n\r\n`);
/** As long as nginx's own answer. */
const RESPONSE = encoder.encode(
  [
    "HTTP/1.1 200 OK",
    "Server: nginx/1.22.1",
    "Date: Tue, 24 Nov 2026 12:00:00 GMT",
    "Content-Type: application/octet-stream",
    `Content-Length: ${BODY.length}`,
    "Connection: close",
    "",
    BODY,
  ].join("\r\n"),
);

/** A tape with so many conversations of one request, all alike. */
export function recordTape(sessions: number): Tape {
  const raw = { request: REQUEST, response: RESPONSE };
  return Tape.record(
    Array.from({ length: sessions }, (_, i) => ({
      client: { address: CLIENT.address, port: 1_024 },
      server: CNC,
      ...{ requestStartNs: BigInt(i), requestEndNs: BigInt(i), responseEndNs: BigInt(i) },
      ...{ method: "GET", host: CNC.address, uri: URI, status: 200 },
      ...{ requestBytes: 0, responseBytes: BODY.length, contentType: "application/octet-stream" },
      ...{ complete: true, raw },
    })),
  );
}
