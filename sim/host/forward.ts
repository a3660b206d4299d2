import { setU16, u16 } from "../../src/wire/bytes.ts";
import { adjustChecksum } from "../../src/wire/checksum.ts";
import { allocateFrame } from "../../src/wire/frame-memory.ts";
import { writeMac } from "../../src/wire/mac.ts";
import type { Packet } from "./interface.ts";

/** Offsets in an IPv4 header: TTL and protocol are one word of the checksum. */
const TTL_AT = 8;
const CHECKSUM_AT = 10;

/** The frame that carries a packet on to the next hop: new addresses on the link, TTL less one (RFC 1812, 5.2). */
export function forwardedFrame(
  packet: Packet,
  sourceMac: string,
  destinationMac: string,
): Uint8Array {
  const { bytes, frame } = packet;
  const at = frame.networkAt;
  const out = allocateFrame(frame.packetEnd);
  // Without the padding of a short frame.
  out.set(frame.packetEnd === bytes.length ? bytes : bytes.subarray(0, frame.packetEnd));
  writeMac(destinationMac, out, 0);
  writeMac(sourceMac, out, 6);
  const before = u16(bytes, at + TTL_AT);
  const after = before - 0x0100;
  setU16(out, at + TTL_AT, after);
  setU16(out, at + CHECKSUM_AT, adjustChecksum(u16(bytes, at + CHECKSUM_AT), before, after));
  return out;
}
