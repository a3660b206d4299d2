import { PcapWriter } from "../pcap/writer.ts";
import { emitTcpFrame } from "../wire/packet.ts";

const FIN_ACK = 0x11;
const SYN = 0x02;
const SYN_ACK = 0x12;
const ACK = 0x10;
const CLIENT_MAC = "02:00:00:00:00:01";
const SERVER_MAC = "02:00:00:00:00:02";

export interface Exchange {
  readonly request: string;
  readonly response: string;
}

/** The answer of a gate: `length` bytes of filler. */
export function page(path: string, length: number): Exchange {
  return {
    request: `GET ${path} HTTP/1.1\r\nHost: cnc.example\r\n\r\n`,
    response: `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${length}\r\n\r\n${"x".repeat(length)}`,
  };
}

/** How long the translator of addresses takes with a packet. */
const NAT_NS = 20_000n;

/**
 * A capture file of one client that asks 203.0.113.10 these things, a second apart, over one connection for each.
 * `outer`: captured on a translator of addresses, which shows each packet a second time with this address of the client.
 */
export function captureOf(
  client: string,
  exchanges: readonly Exchange[],
  outer: string | null = null,
): Buffer {
  const pieces: Uint8Array[] = [];
  const writer = new PcapWriter((piece) => {
    pieces.push(piece.slice());
  });
  let timeNs = 1_600_000_000_000_000_000n;
  for (const [n, { request, response }] of exchanges.entries()) {
    let sequence = { client: 1000, server: 5000 };
    const send = (from: "client" | "server", flags: number, text = "") => {
      const payload = Buffer.from(text, "latin1");
      const outward = from === "client";
      const server = "203.0.113.10";
      timeNs += 1_000_000n;
      const frame = (address: string) =>
        emitTcpFrame({
          sourceMac: outward ? CLIENT_MAC : SERVER_MAC,
          destinationMac: outward ? SERVER_MAC : CLIENT_MAC,
          source: outward ? address : server,
          destination: outward ? server : address,
          tcp: {
            sourcePort: outward ? 40_000 + n : 80,
            destinationPort: outward ? 80 : 40_000 + n,
            sequence: sequence[from],
            acknowledgement: flags === SYN ? 0 : sequence[outward ? "server" : "client"],
            flags,
            window: 65_535,
          },
          payload,
        });
      const sights = outer === null ? [client] : outward ? [client, outer] : [outer, client];
      for (const [i, address] of sights.entries())
        writer.write({ timeNs: timeNs + BigInt(i) * NAT_NS, bytes: frame(address) });
      const length = payload.length + (flags === SYN || flags === SYN_ACK ? 1 : 0);
      sequence = { ...sequence, [from]: sequence[from] + length };
    };
    send("client", SYN);
    send("server", SYN_ACK);
    send("client", ACK);
    send("client", ACK, request);
    send("server", ACK, response);
    send("client", FIN_ACK);
    timeNs += 1_000_000_000n;
  }
  writer.end();
  return Buffer.concat(pieces);
}
