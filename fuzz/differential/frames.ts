import { setU16, u16 } from "../../src/wire/bytes.ts";
import { checksumOf, sumBytes } from "../../src/wire/checksum.ts";

/*
 * Frames as a generator needs them: every field may be wrong, and an answer is made from the bytes of what arrived.
 */

const ETHERNET_BYTES = 14;
const V4_BYTES = 20;
const V6_BYTES = 40;

export interface Ends {
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
  /** 4 or 16 bytes each. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

export interface Network {
  readonly protocol: number;
  readonly ttl: number;
  readonly tos: number;
  readonly id: number;
}

/** An IP packet in an Ethernet frame; the transport's checksum at `sumAt` is filled in (-1: it has none). */
export function ipFrame(
  ends: Ends,
  net: Network,
  transport: Uint8Array,
  sumAt: number,
): Uint8Array {
  const isV6 = ends.source.length === 16;
  const at = ETHERNET_BYTES + (isV6 ? V6_BYTES : V4_BYTES);
  const bytes = new Uint8Array(at + transport.length);
  bytes.set(ends.destinationMac, 0);
  bytes.set(ends.sourceMac, 6);
  setU16(bytes, 12, isV6 ? 0x86dd : 0x0800);
  bytes.set(transport, at);
  if (isV6) {
    bytes[14] = 0x60 | (net.tos >> 4);
    bytes[15] = (net.tos & 0xf) << 4;
    setU16(bytes, 18, transport.length);
    bytes[20] = net.protocol;
    bytes[21] = net.ttl;
    bytes.set(ends.source, 22);
    bytes.set(ends.destination, 38);
  } else {
    bytes[14] = 0x45;
    bytes[15] = net.tos;
    setU16(bytes, 16, V4_BYTES + transport.length);
    setU16(bytes, 18, net.id);
    bytes[22] = net.ttl;
    bytes[23] = net.protocol;
    bytes.set(ends.source, 26);
    bytes.set(ends.destination, 30);
    setU16(bytes, 24, checksumOf(sumBytes(bytes, 14, at)));
  }
  if (sumAt >= 0) {
    const addresses = isV6 ? 22 : 26;
    // ICMP for IPv4 is the one transport that does not cover the addresses.
    const pseudo =
      net.protocol === 1 ? 0 : sumBytes(bytes, addresses, at) + net.protocol + transport.length;
    setU16(bytes, at + sumAt, checksumOf(sumBytes(bytes, at, bytes.length) + pseudo));
  }
  return bytes;
}

export function arpFrame(ends: Ends, operation: number): Uint8Array {
  const bytes = new Uint8Array(42);
  bytes.set(operation === 1 ? new Uint8Array(6).fill(0xff) : ends.destinationMac, 0);
  bytes.set(ends.sourceMac, 6);
  bytes.set([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, operation], 12);
  bytes.set(ends.sourceMac, 22);
  bytes.set(ends.source, 28);
  if (operation !== 1) bytes.set(ends.destinationMac, 32);
  bytes.set(ends.destination, 38);
  return bytes;
}

/** What an answer needs of a frame that came out; `null` for one that is no untagged IP packet of the version. */
export function readEnds(
  bytes: Uint8Array,
  isV6: boolean,
): { readonly ends: Ends; readonly l4: number } | null {
  if (bytes.length < ETHERNET_BYTES + V4_BYTES || u16(bytes, 12) !== (isV6 ? 0x86dd : 0x0800))
    return null;
  const l4 = ETHERNET_BYTES + (isV6 ? V6_BYTES : (bytes[14]! & 0xf) * 4);
  if (bytes.length < l4 + 8) return null;
  const [at, size] = isV6 ? [22, 16] : [26, 4];
  const ends = {
    destinationMac: bytes.slice(0, 6),
    sourceMac: bytes.slice(6, 12),
    source: bytes.slice(at, at + size),
    destination: bytes.slice(at + size, at + 2 * size),
  };
  return { ends, l4 };
}

export function reversed(ends: Ends): Ends {
  return {
    sourceMac: ends.destinationMac,
    destinationMac: ends.sourceMac,
    source: ends.destination,
    destination: ends.source,
  };
}

/** The same frame with an 802.1Q tag. */
export function tagged(frame: Uint8Array, tci: number): Uint8Array {
  const bytes = new Uint8Array(frame.length + 4);
  bytes.set(frame.subarray(0, 12));
  setU16(bytes, 12, 0x8100);
  setU16(bytes, 14, tci);
  bytes.set(frame.subarray(12), 16);
  return bytes;
}

/** An IP frame cut into fragments of at most `size` bytes of data, a multiple of 8. */
export function fragmentsOf(frame: Uint8Array, size: number, id: number): Uint8Array[] {
  const isV6 = u16(frame, 12) === 0x86dd;
  const headers = ETHERNET_BYTES + (isV6 ? V6_BYTES : V4_BYTES);
  const data = frame.subarray(headers);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += size) {
    const piece = data.subarray(at, at + size);
    const more = at + size < data.length;
    const start = headers + (isV6 ? 8 : 0);
    const part = new Uint8Array(start + piece.length);
    part.set(frame.subarray(0, headers));
    part.set(piece, start);
    if (isV6) {
      setU16(part, 18, 8 + piece.length);
      part[20] = 44;
      part[headers] = frame[20]!;
      setU16(part, headers + 2, at | (more ? 1 : 0));
      setU16(part, headers + 6, id);
    } else {
      setU16(part, 16, V4_BYTES + piece.length);
      setU16(part, 18, id);
      setU16(part, 20, (more ? 0x2000 : 0) | (at / 8));
      setU16(part, 24, 0);
      setU16(part, 24, checksumOf(sumBytes(part, 14, headers)));
    }
    parts.push(part);
  }
  return parts;
}
