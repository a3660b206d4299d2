import { setU16, setU32 } from "../src/wire/bytes.ts";
import { ETHER_TYPE, emitEthernet } from "../src/wire/ethernet.ts";
import { writeMac } from "../src/wire/mac.ts";

/*
 * Link-layer headers in front of an IP packet, one function for each. Those that stand on both sides of an exchange take
 * `isFromClient`, which swaps the addresses.
 */

export const LINKTYPE = {
  null: 0,
  ethernet: 1,
  raw: 101,
  wlan: 105,
  loop: 108,
  cooked: 113,
  radiotap: 127,
  ipv4: 228,
  ipv6: 229,
  nflog: 239,
  cooked2: 276,
} as const;

const CLIENT_MAC = "02:00:00:00:00:0a";
const SERVER_MAC = "02:00:00:00:00:14";
const ACCESS_POINT_MAC = "02:00:00:00:00:01";
const ETHERNET_BYTES_MIN = 60;
const MPLS = 0x8847;
const PPPOE_SESSION = 0x8864;

export function isIpv6(packet: Uint8Array): boolean {
  return packet[0]! >>> 4 === 6;
}

function etherTypeOf(packet: Uint8Array): number {
  return isIpv6(packet) ? ETHER_TYPE.ipv6 : ETHER_TYPE.ipv4;
}

export interface Tag {
  readonly tpid: number;
  readonly vlan: number;
  readonly priority?: number;
}

/** Ethernet, tags outermost first, without padding. */
export function ethernet(
  packet: Uint8Array,
  isFromClient: boolean,
  tags: readonly Tag[] = [],
  etherType: number = etherTypeOf(packet),
): Uint8Array {
  return emitEthernet({
    destination: isFromClient ? SERVER_MAC : CLIENT_MAC,
    source: isFromClient ? CLIENT_MAC : SERVER_MAC,
    tags: tags.map((tag) => ({ dropEligible: false, priority: 0, ...tag })),
    etherType,
    payload: packet,
  });
}

/** What a network card pads to: 60 bytes, here with something that would look like text if it were read. */
export function padded(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.max(ETHERNET_BYTES_MIN, frame.length)).fill(0x2e);
  bytes.set(frame);
  return bytes;
}

/** MPLS label stack (RFC 3032 §2.1) under Ethernet. */
export function mpls(
  packet: Uint8Array,
  isFromClient: boolean,
  labels: readonly number[],
): Uint8Array {
  const stack = new Uint8Array(4 * labels.length);
  for (const [i, label] of labels.entries()) {
    const isBottom = i === labels.length - 1;
    setU32(stack, 4 * i, (label << 12) | (isBottom ? 0x100 : 0) | 64);
  }
  return ethernet(join(stack, packet), isFromClient, [], MPLS);
}

/** Linux cooked capture v1 (LINKTYPE_LINUX_SLL): 0 to us, 4 from us. */
export function cooked(packet: Uint8Array, isFromClient: boolean): Uint8Array {
  const header = new Uint8Array(16);
  setU16(header, 0, isFromClient ? 4 : 0);
  setU16(header, 2, 1);
  setU16(header, 4, 6);
  writeMac(isFromClient ? CLIENT_MAC : SERVER_MAC, header, 6);
  setU16(header, 14, etherTypeOf(packet));
  return join(header, packet);
}

/** Linux cooked capture v2 (LINKTYPE_LINUX_SLL2). */
export function cooked2(packet: Uint8Array, isFromClient: boolean): Uint8Array {
  const header = new Uint8Array(20);
  setU16(header, 0, etherTypeOf(packet));
  setU32(header, 4, 3);
  setU16(header, 8, 1);
  header[10] = isFromClient ? 4 : 0;
  header[11] = 6;
  writeMac(isFromClient ? CLIENT_MAC : SERVER_MAC, header, 12);
  return join(header, packet);
}

/** The address family in the byte order of the capturing machine (NULL), or always big endian (LOOP). */
export function loopback(packet: Uint8Array, little: boolean, ipv6Family: number): Uint8Array {
  const header = new Uint8Array(4);
  header[little ? 0 : 3] = isIpv6(packet) ? ipv6Family : 2;
  return join(header, packet);
}

/** NFLOG: family, version, resource; then TLVs in the byte order of the host. The packet is TLV 9. */
export function nflog(packet: Uint8Array, little = true): Uint8Array {
  const header = Uint8Array.of(isIpv6(packet) ? 10 : 2, 0, 0, 5);
  // A prefix of 6 bytes (padded to 8), a packet header, a time stamp: what comes before the packet must be skipped.
  const prefix = tlv(10, Buffer.from("web: \0", "latin1"), little);
  const hook = tlv(1, Uint8Array.of(8, 0, 3, 0), little);
  return join(header, hook, prefix, tlv(9, packet, little));
}

function tlv(type: number, value: Uint8Array, little: boolean): Uint8Array {
  const length = 4 + value.length;
  const bytes = new Uint8Array((length + 3) & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, length, little);
  view.setUint16(2, type, little);
  bytes.set(value, 4);
  return bytes;
}

/** PPPoE session (RFC 2516 §4) and PPP (RFC 1661 §2) under Ethernet. */
export function pppoe(packet: Uint8Array, isFromClient: boolean, session: number): Uint8Array {
  const header = new Uint8Array(8);
  header[0] = 0x11;
  setU16(header, 2, session);
  setU16(header, 4, packet.length + 2);
  setU16(header, 6, isIpv6(packet) ? 0x57 : 0x21);
  return ethernet(join(header, packet), isFromClient, [], PPPOE_SESSION);
}

export interface WlanOptions {
  /** A QoS data frame (subtype 8), with its control field. */
  readonly isQos?: boolean;
  /** The frame says that its payload is encrypted. */
  readonly isProtected?: boolean;
}

/** An IEEE 802.11 data frame through an access point: LLC/SNAP and the packet. */
export function wlan(
  packet: Uint8Array,
  isFromClient: boolean,
  options: WlanOptions = {},
): Uint8Array {
  const { isQos = false, isProtected = false } = options;
  const header = new Uint8Array(isQos ? 26 : 24);
  header[0] = isQos ? 0x88 : 0x08;
  header[1] = (isFromClient ? 0x01 : 0x02) | (isProtected ? 0x40 : 0);
  // To the access point: its address first, then who sends, then whom it is for; from it: whom for, itself, who sent.
  writeMac(isFromClient ? ACCESS_POINT_MAC : CLIENT_MAC, header, 4);
  writeMac(isFromClient ? CLIENT_MAC : ACCESS_POINT_MAC, header, 10);
  writeMac(SERVER_MAC, header, 16);
  const snap = Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, 0, 0);
  setU16(snap, 6, etherTypeOf(packet));
  return join(header, snap, packet);
}

/** An 802.11 beacon of a network without a name: no data, and most of what a capture of the air holds. */
export function wlanBeacon(): Uint8Array {
  const fixedParameters = 12;
  const bytes = new Uint8Array(24 + fixedParameters + 2);
  bytes[0] = 0x80;
  bytes.fill(0xff, 4, 10);
  writeMac(ACCESS_POINT_MAC, bytes, 10);
  writeMac(ACCESS_POINT_MAC, bytes, 16);
  return bytes;
}

/** Radiotap with flags: the frame has a check sequence behind it and is padded between header and payload. */
export function radiotap(frame: Uint8Array, headerLength: number, fcs: Uint8Array): Uint8Array {
  const hasFcs = 0x10;
  const isPadded = 0x20;
  const flags = headerLength % 4 === 0 ? hasFcs : hasFcs | isPadded;
  const header = Uint8Array.of(0, 0, 12, 0, 0x06, 0, 0, 0, flags, 2, 0, 0);
  const padding = new Uint8Array(-headerLength & 3);
  return join(header, frame.subarray(0, headerLength), padding, frame.subarray(headerLength), fcs);
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
