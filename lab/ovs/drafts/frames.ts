import { u16 } from "../../../src/wire/bytes.ts";
import { internetChecksum } from "../../../src/wire/checksum.ts";
import {
  emitArpFrame,
  emitIcmpFrame,
  emitTcpFrame,
  emitUdpFrame,
} from "../../../src/wire/packet.ts";
import { TCP_FLAG } from "../../../src/wire/tcp.ts";

/*
 * Frames for drafts of switch cases. All addresses are for documentation or private use; nothing of them is a real host.
 */

export interface End {
  readonly mac: string;
  readonly address: string;
  readonly port: number;
}

export const CLIENT: End = { mac: "50:54:00:00:00:01", address: "10.1.1.1", port: 40_000 };
export const SERVER: End = { mac: "50:54:00:00:00:02", address: "10.1.1.2", port: 80 };
export const OTHER: End = { mac: "50:54:00:00:00:03", address: "10.1.1.3", port: 40_000 };

const FLAGS = { F: "fin", S: "syn", R: "rst", P: "psh", A: "ack", U: "urg" } as const;

/** Flags as letters: `SA` is SYN+ACK; `seq`, `ack`, payload text. */
export function tcp(from: End, to: End, letters: string, seq = 0, ack = 0, text = ""): Uint8Array {
  const flags = [...letters].reduce((sum, c) => sum | TCP_FLAG[FLAGS[c as keyof typeof FLAGS]], 0);
  return emitTcpFrame({
    ...route(from, to),
    tcp: {
      sourcePort: from.port,
      destinationPort: to.port,
      sequence: seq,
      acknowledgement: ack,
      flags,
      window: 8_192,
    },
    payload: new TextEncoder().encode(text),
  });
}

export function udp(from: End, to: End, text = "data", ttl = 64): Uint8Array {
  return emitUdpFrame({
    ...route(from, to),
    ttl,
    udp: { sourcePort: from.port, destinationPort: to.port },
    payload: new TextEncoder().encode(text),
  });
}

/** Echo request (8) or reply (0). */
export function ping(from: End, to: End, type: 0 | 8, identifier = 7): Uint8Array {
  const payload = new TextEncoder().encode("echo");
  return emitIcmpFrame({
    ...route(from, to),
    icmp: { kind: "echo", type, code: 0, identifier, sequence: 1, payload },
  });
}

/** "Port unreachable" about the IPv4 packet in `about`, a frame. */
export function unreachable(from: End, to: End, about: Uint8Array): Uint8Array {
  const payload = about.slice(14, 14 + 28);
  return emitIcmpFrame({
    ...route(from, to),
    icmp: { kind: "error", type: 3, code: 3, rest: 0, payload },
  });
}

/** Who has `to`'s address? */
export function arp(from: End, to: End): Uint8Array {
  return emitArpFrame({
    destinationMac: "ff:ff:ff:ff:ff:ff",
    sourceMac: from.mac,
    arp: {
      operation: 1,
      senderMac: from.mac,
      senderAddress: from.address,
      targetMac: "00:00:00:00:00:00",
      targetAddress: to.address,
    },
  });
}

/** The same frame with one byte changed. */
export function bent(frame: Uint8Array, at: number): Uint8Array {
  const copy = frame.slice();
  copy[at] = copy[at]! ^ 0xff;
  return copy;
}

/** The same UDP datagram without a checksum. */
export function unsummed(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  copy.fill(0, 40, 42);
  return copy;
}

/** An IPv4 frame cut into fragments of `size` bytes of data, a multiple of 8. */
export function fragments(frame: Uint8Array, size: number): Uint8Array[] {
  const data = frame.subarray(34, 14 + u16(frame, 16));
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += size) {
    const piece = data.subarray(at, at + size);
    const part = new Uint8Array(34 + piece.length);
    part.set(frame.subarray(0, 34));
    part.set(piece, 34);
    const view = new DataView(part.buffer);
    view.setUint16(16, 20 + piece.length);
    view.setUint16(20, (at + size < data.length ? 0x2000 : 0) | (at / 8));
    view.setUint16(24, 0);
    view.setUint16(24, internetChecksum(part, 14, 34));
    parts.push(part);
  }
  return parts;
}

function route(from: End, to: End) {
  return {
    sourceMac: from.mac,
    destinationMac: to.mac,
    source: from.address,
    destination: to.address,
    dontFragment: false,
    identification: 1,
  };
}
