import { WIRE_LIMITS } from "../base/limits.ts";
import { setU16, u16 } from "./bytes.ts";
import { allocateFrame } from "./frame-memory.ts";
import { readMac, writeMac } from "./mac.ts";
import { isMalformed, type Malformed, malformed } from "./malformed.ts";

/*
 * Ethernet II (IEEE 802.3) with tags (IEEE 802.1Q), without frame check sequence
 *
 *   0  destination   6
 *   6  source        6
 *  12  tag           4 each: TPID 2, priority 3 bits, drop eligible 1 bit, VLAN identifier 12 bits
 *   …  EtherType     2 (below 1536: the length of an 802.3 frame)
 */
const HEADER_BYTES = 14;
const TAG_BYTES = 4;

const TAGS_MAX = WIRE_LIMITS.parsedTagsMax;

export const ETHER_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  /** 802.1Q customer tag. */
  vlan: 0x8100,
  ipv6: 0x86dd,
  /** 802.1ad service tag (QinQ). */
  serviceVlan: 0x88a8,
  /** The tag of QinQ before 802.1ad. */
  oldServiceVlan: 0x9100,
} as const;

export interface VlanTag {
  /** 0x8100, 0x88a8 or 0x9100. */
  readonly tpid: number;
  readonly priority: number;
  readonly dropEligible: boolean;
  readonly vlan: number;
}

export interface EthernetHeader {
  readonly destination: string;
  readonly source: string;
  /** Outermost first. */
  readonly tags: readonly VlanTag[];
  readonly etherType: number;
}

export interface Ethernet extends EthernetHeader {
  readonly payload: Uint8Array;
}

const NO_TAGS: readonly VlanTag[] = [];

export function isTagType(etherType: number): boolean {
  return (
    etherType === ETHER_TYPE.vlan ||
    etherType === ETHER_TYPE.serviceVlan ||
    etherType === ETHER_TYPE.oldServiceVlan
  );
}

export function ethernetHeaderBytes(header: EthernetHeader): number {
  return HEADER_BYTES + TAG_BYTES * header.tags.length;
}

/** The header alone; the payload begins at `ethernetHeaderBytes`. */
export function readEthernetHeader(bytes: Uint8Array): EthernetHeader | Malformed {
  if (bytes.length < HEADER_BYTES) {
    return malformed(`Ethernet: ${bytes.length} bytes are less than a header of ${HEADER_BYTES}`);
  }
  const etherType = u16(bytes, 12);
  if (isTagType(etherType)) return readTagged(bytes);
  return { destination: readMac(bytes, 0), source: readMac(bytes, 6), tags: NO_TAGS, etherType };
}

function readTagged(bytes: Uint8Array): EthernetHeader | Malformed {
  const tags: VlanTag[] = [];
  let at = 12;
  let etherType = u16(bytes, at);
  while (isTagType(etherType) && tags.length < TAGS_MAX) {
    if (at + TAG_BYTES + 2 > bytes.length) {
      return malformed(`Ethernet: ${bytes.length} bytes end within a VLAN tag`);
    }
    const control = u16(bytes, at + 2);
    tags.push({
      tpid: etherType,
      priority: control >>> 13,
      dropEligible: (control & 0x1000) !== 0,
      vlan: control & 0xfff,
    });
    at += TAG_BYTES;
    etherType = u16(bytes, at);
  }
  return { destination: readMac(bytes, 0), source: readMac(bytes, 6), tags, etherType };
}

export function parseEthernet(bytes: Uint8Array): Ethernet | Malformed {
  const header = readEthernetHeader(bytes);
  if (isMalformed(header)) return header;
  return { ...header, payload: bytes.subarray(ethernetHeaderBytes(header)) };
}

/** Addresses and EtherType at the start of `bytes`, with at most one plain 802.1Q tag; gives the header's length. */
export function writeEthernetHeader(
  bytes: Uint8Array,
  destination: string,
  source: string,
  vlan: number | undefined,
  etherType: number,
): number {
  writeMac(destination, bytes, 0);
  writeMac(source, bytes, 6);
  if (vlan === undefined) {
    setU16(bytes, 12, etherType);
    return HEADER_BYTES;
  }
  setU16(bytes, 12, ETHER_TYPE.vlan);
  setU16(bytes, 14, vlan & 0xfff);
  setU16(bytes, 16, etherType);
  return HEADER_BYTES + TAG_BYTES;
}

/** No padding to 60 bytes: neither virtual links nor captures of sent frames have it. */
export function emitEthernet(value: Ethernet): Uint8Array {
  const bytes = allocateFrame(ethernetHeaderBytes(value) + value.payload.length);
  writeMac(value.destination, bytes, 0);
  writeMac(value.source, bytes, 6);
  let at = 12;
  for (const tag of value.tags) {
    setU16(bytes, at, tag.tpid);
    setU16(bytes, at + 2, (tag.priority << 13) | (tag.dropEligible ? 0x1000 : 0) | tag.vlan);
    at += TAG_BYTES;
  }
  setU16(bytes, at, value.etherType);
  bytes.set(value.payload, at + 2);
  return bytes;
}
