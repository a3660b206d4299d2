import type { Frame } from "../src/wire/frame.ts";
import { emitTcpFrame } from "../src/wire/packet.ts";
import { TCP_FLAG } from "../src/wire/tcp.ts";

const LINK = { destinationMac: "02:00:00:00:00:02", sourceMac: "02:00:00:00:00:01" } as const;
const NOTHING = new Uint8Array(0);
/** A head whose end never comes. */
const UNFINISHED = Buffer.from(
  "GET /gate.php?id=1 HTTP/1.1\r\nHost: site.example\r\nX-Wait: ",
  "latin1",
);
const PORTS = 40_000;
const WINDOW = 65_535;

/** Connections that begin and never end, each from an address and port of its own; half of them are answered. */
export function* halfOpen(
  connections: number,
  options: { readonly isTalking: boolean },
): Generator<Frame, void, undefined> {
  let timeNs = 1_500_000_000_000_000_000n;
  for (let i = 0; i < connections; i++) {
    timeNs += 10_000n;
    const host = Math.floor(i / PORTS);
    const client = { address: `10.0.${host >> 8}.${(host & 255) + 1}`, port: 10_000 + (i % PORTS) };
    const server = { address: "198.51.100.1", port: 80 };
    const from = (a: typeof client, b: typeof client) => ({
      ...LINK,
      source: a.address,
      destination: b.address,
    });
    const ports = { sourcePort: client.port, destinationPort: server.port };
    yield {
      timeNs,
      bytes: emitTcpFrame({
        ...from(client, server),
        tcp: { ...ports, sequence: i, acknowledgement: 0, flags: TCP_FLAG.syn, window: WINDOW },
        payload: NOTHING,
      }),
    };
    if (i % 2 === 0)
      yield {
        timeNs,
        bytes: emitTcpFrame({
          ...from(server, client),
          tcp: {
            sourcePort: server.port,
            destinationPort: client.port,
            sequence: 7,
            acknowledgement: i + 1,
            flags: TCP_FLAG.syn | TCP_FLAG.ack,
            window: WINDOW,
          },
          payload: NOTHING,
        }),
      };
    if (options.isTalking)
      yield {
        timeNs,
        bytes: emitTcpFrame({
          ...from(client, server),
          tcp: {
            ...ports,
            sequence: i + 1,
            acknowledgement: 8,
            flags: TCP_FLAG.psh | TCP_FLAG.ack,
            window: WINDOW,
          },
          payload: UNFINISHED,
        }),
      };
  }
}
