import { PACKET_WORD, SERVICE_TAG, W, WORDS } from "./layout.ts";
import type { Packet } from "./packet.ts";

/**
 * Reads the headers of `packet.bytes` into the packet part of `key` (words from `PACKET_WORD` on) and sets the
 * packet's offsets. What is cut off or nonsensical leaves its fields zero, as `flow_extract` of Open vSwitch does:
 * the packet then matches rules for the layers below only.
 */
export function extractKey(packet: Packet, key: Int32Array): void {
  const b = packet.bytes;
  const size = b.length;
  key.fill(0, PACKET_WORD, WORDS);
  packet.changed = false;
  packet.l3 = 0;
  packet.l4 = 0;
  packet.end = 0;
  packet.protocol = 0;
  packet.fragment = 0;
  packet.ethType = 0;
  if (size < 14) return;
  key[W.ethDst] = (b[0]! << 8) | b[1]!;
  key[W.ethDst + 1] = (b[2]! << 24) | (b[3]! << 16) | (b[4]! << 8) | b[5]!;
  key[W.ethSrc] = (b[6]! << 8) | b[7]!;
  key[W.ethSrc + 1] = (b[8]! << 24) | (b[9]! << 16) | (b[10]! << 8) | b[11]!;
  let at = 14;
  let type = (b[12]! << 8) | b[13]!;
  if ((type === 0x8100 || type === 0x88a8) && size >= 18) {
    // The bit of "canonical format" says "there is a tag" (OvS's VLAN_CFI).
    key[W.vlanTci] = (b[14]! << 8) | b[15]! | (type === 0x8100 ? 0x1000 : 0x1000 | SERVICE_TAG);
    type = (b[16]! << 8) | b[17]!;
    at = 18;
  }
  if (type < 0x600) {
    // IEEE 802.3: a length; SNAP carries the type, everything else has none (OvS's 0x05ff).
    const snap = size >= at + 8 && b[at] === 0xaa && b[at + 1] === 0xaa && b[at + 2] === 3;
    const organisation = snap && b[at + 3] === 0 && b[at + 4] === 0 && b[at + 5] === 0;
    type = organisation ? (b[at + 6]! << 8) | b[at + 7]! : 0x05ff;
    if (organisation) at += 8;
  }
  key[W.ethType] = type;
  packet.ethType = type;
  packet.l3 = at;
  if (type === 0x0800) extractIpv4(packet, key, at);
  else if (type === 0x86dd) extractIpv6(packet, key, at);
  else if ((type === 0x0806 || type === 0x8035) && size >= at + 28) extractArp(packet, key, at);
}

function extractIpv4(packet: Packet, key: Int32Array, at: number): void {
  const b = packet.bytes;
  const left = b.length - at;
  if (left < 20) return;
  const headerLength = (b[at]! & 0x0f) * 4;
  const totalLength = (b[at + 2]! << 8) | b[at + 3]!;
  if (headerLength < 20 || headerLength > totalLength || totalLength > left) return;
  packet.end = at + totalLength;
  key[W.ipSrc] = packet.get32(at + 12);
  key[W.ipDst] = packet.get32(at + 16);
  key[W.nwProto] = b[at + 9]!;
  key[W.nwTos] = b[at + 1]!;
  key[W.nwTtl] = b[at + 8]!;
  const fragment = ((b[at + 6]! << 8) | b[at + 7]!) & 0x3fff;
  if (fragment !== 0) packet.fragment = (fragment & 0x1fff) === 0 ? 1 : 3;
  key[W.ipFrag] = packet.fragment;
  packet.protocol = b[at + 9]!;
  if (packet.fragment !== 3) extractTransport(packet, key, at + headerLength);
}

function extractArp(packet: Packet, key: Int32Array, at: number): void {
  const b = packet.bytes;
  const ethernetAndIp =
    packet.get16(at) === 1 && packet.get16(at + 2) === 0x0800 && b[at + 4] === 6 && b[at + 5] === 4;
  if (!ethernetAndIp) return;
  const operation = packet.get16(at + 6);
  key[W.nwProto] = operation <= 0xff ? operation : 0;
  key[W.arpSha] = packet.get16(at + 8);
  key[W.arpSha + 1] = packet.get32(at + 10);
  key[W.ipSrc] = packet.get32(at + 14);
  key[W.arpTha] = packet.get16(at + 18);
  key[W.arpTha + 1] = packet.get32(at + 20);
  key[W.ipDst] = packet.get32(at + 24);
}

function extractIpv6(packet: Packet, key: Int32Array, at: number): void {
  const b = packet.bytes;
  if (b.length - at < 40) return;
  const payload = packet.get16(at + 4);
  if (payload > b.length - at - 40) return;
  packet.end = at + 40 + payload;
  const head = packet.get32(at);
  key[W.ipv6Label] = head & 0xfffff;
  key[W.nwTos] = (head >>> 20) & 0xff;
  key[W.nwTtl] = b[at + 7]!;
  for (let i = 0; i < 4; i++) {
    key[W.ipSrc + i] = packet.get32(at + 8 + 4 * i);
    key[W.ipDst + i] = packet.get32(at + 24 + 4 * i);
  }
  let next = b[at + 6]!;
  let offset = at + 40;
  // Extension headers (RFC 8200 section 4): hop-by-hop, routing, destination options, authentication, fragment.
  while (next === 0 || next === 43 || next === 60 || next === 51 || next === 44) {
    if (offset + 8 > packet.end) return;
    const here = next;
    next = b[offset]!;
    if (here === 44) {
      const field = packet.get16(offset + 2);
      if ((field & 0xfff9) !== 0) packet.fragment = (field & 0xfff8) === 0 ? 1 : 3;
      offset += 8;
      if (packet.fragment === 3) {
        // What follows is not known in a later fragment, and to Open vSwitch it is a fragment.
        next = 44;
        break;
      }
    } else if (here === 51) offset += (b[offset + 1]! + 2) * 4;
    else offset += (b[offset + 1]! + 1) * 8;
  }
  key[W.ipFrag] = packet.fragment;
  key[W.nwProto] = next;
  packet.protocol = next;
  if (packet.fragment !== 3 && offset <= packet.end) extractTransport(packet, key, offset);
}

function extractTransport(packet: Packet, key: Int32Array, at: number): void {
  const b = packet.bytes;
  const left = packet.end - at;
  packet.l4 = at;
  switch (packet.protocol) {
    case 6:
      // A header that says it is shorter than one can be, or longer than the packet, is none.
      if (left >= 20 && b[at + 12]! >> 4 >= 5 && (b[at + 12]! >> 4) * 4 <= left) {
        key[W.tpSrc] = packet.get16(at);
        key[W.tpDst] = packet.get16(at + 2);
        key[W.tcpFlags] = packet.get16(at + 12) & 0x0fff;
      }
      return;
    case 17:
      if (left >= 8) {
        key[W.tpSrc] = packet.get16(at);
        key[W.tpDst] = packet.get16(at + 2);
      }
      return;
    case 132:
      if (left >= 12) {
        key[W.tpSrc] = packet.get16(at);
        key[W.tpDst] = packet.get16(at + 2);
      }
      return;
    case 1:
      if (left >= 8 && packet.ethType === 0x0800) {
        key[W.tpSrc] = b[at]!;
        key[W.tpDst] = b[at + 1]!;
      }
      return;
    case 58:
      if (left >= 4 && packet.ethType === 0x86dd) {
        key[W.tpSrc] = b[at]!;
        key[W.tpDst] = b[at + 1]!;
        extractNd(packet, key, at);
      }
  }
}

/** Neighbour discovery (RFC 4861 section 4.3 and 4.4): target and the link-layer address options. */
function extractNd(packet: Packet, key: Int32Array, at: number): void {
  const b = packet.bytes;
  const type = b[at]!;
  if ((type !== 135 && type !== 136) || b[at + 1] !== 0 || packet.end - at < 24) return;
  for (let i = 0; i < 4; i++) key[W.ndTarget + i] = packet.get32(at + 8 + 4 * i);
  for (let option = at + 24; option + 8 <= packet.end; ) {
    const length = b[option + 1]! * 8;
    if (length === 0 || option + length > packet.end) return;
    const word = b[option] === 1 ? W.arpSha : b[option] === 2 ? W.arpTha : 0;
    if (word !== 0 && length === 8) {
      key[word] = packet.get16(option + 2);
      key[word + 1] = packet.get32(option + 4);
    }
    option += length;
  }
}
