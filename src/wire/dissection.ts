import { WIRE_LIMITS } from "../base/limits.ts";

/**
 * What a packet turned out to be. A small closed set, so that a caller can count with an array. The codes below `tcp`
 * never leave `dissect`.
 */
export const OUTCOME = {
  /** More headers follow (a tunnel): for `dissect` itself only. */
  inner: 0,
  tcp: 1,
  udp: 2,
  /** IP that carries something else: ICMP, ESP, SCTP … */
  otherIp: 3,
  /** A fragment of an IPv4 or IPv6 datagram. */
  fragment: 4,
  /** No IP: ARP, spanning tree, 802.11 management … */
  notIp: 5,
  /** 802.11 data that is encrypted. */
  encrypted: 6,
  unknownLinkType: 7,
  cutLinkHeader: 8,
  cutIpHeader: 9,
  badIpVersion: 10,
  badIpHeaderLength: 11,
  badIpLength: 12,
  cutTransportHeader: 13,
  badTcpHeaderLength: 14,
  tooManyHeaders: 15,
} as const;

export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

/** Names for reports, indexed by outcome. */
export const OUTCOME_NAMES = [
  "inner",
  "tcp",
  "udp",
  "other-ip",
  "fragment",
  "not-ip",
  "encrypted",
  "unknown-link-type",
  "cut-link-header",
  "cut-ip-header",
  "bad-ip-version",
  "bad-ip-header-length",
  "bad-ip-length",
  "cut-transport-header",
  "bad-tcp-header-length",
  "too-many-headers",
] as const satisfies readonly string[];

/** TCP flags as they stand in the header. */
export const TCP_FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 } as const;

const TAGS_MAX = WIRE_LIMITS.realmTagsMax;

/** Marks a tag that is a tunnel's network identifier (VXLAN, Geneve), not a VLAN. */
const NETWORK_ID = 1 << 24;

/**
 * The headers of one packet as numbers and offsets into its bytes. One object is reused for all packets, so that
 * nothing is allocated; sequence numbers are signed 32-bit, ready for wrap-around arithmetic (`(a - b) | 0`).
 */
export class Dissection {
  outcome: Outcome = OUTCOME.notIp;
  /** 4 or 6. */
  family = 4;
  /** Offsets of the two addresses: 4 bytes each in IPv4, 16 in IPv6. */
  sourceAt = 0;
  destinationAt = 0;
  /** IP protocol of the payload. */
  protocol = 0;
  sourcePort = 0;
  destinationPort = 0;
  sequence = 0;
  acknowledgement = 0;
  flags = 0;
  /** The payload that is present: bytes[payloadStart, payloadEnd). */
  payloadStart = 0;
  payloadEnd = 0;
  /** Payload bytes that were on the wire but are not in the capture (snap length). */
  cutBytes = 0;
  /** What keeps equal addresses apart: VLAN and tunnel network identifiers as one number; 0 for none. */
  realm = 0;
  fragmentId = 0;
  /** Bytes from the start of the datagram's payload. */
  fragmentOffset = 0;
  moreFragments = false;

  /** Where the present bytes and the bytes on the wire end; narrowed by each IP header. For `src/wire` only. */
  end = 0;
  claimedEnd = 0;
  /** What follows an `inner` outcome: an EtherType and its offset. For `src/wire` only. */
  innerType = 0;
  innerAt = 0;
  readonly #tags = new Int32Array(TAGS_MAX);
  #tagCount = 0;

  begin(end: number, claimedEnd: number): void {
    this.end = end;
    this.claimedEnd = claimedEnd;
    this.realm = 0;
    this.#tagCount = 0;
  }

  /** Add a VLAN identifier (1 to 4095; 0 is a mere priority and no VLAN). */
  addVlan(id: number): void {
    if (id !== 0) this.#addTag(id);
  }

  /** Add the network identifier of a tunnel (24 bits). */
  addNetwork(id: number): void {
    this.#addTag(NETWORK_ID | id);
  }

  #addTag(tag: number): void {
    const count = this.#tagCount;
    if (count < TAGS_MAX) this.#tags[count] = tag;
    this.#tagCount = count + 1;
    // Up to two VLANs are exact; deeper stacks and tunnels are mixed, with the top bit set to keep them apart.
    if (count === 0 && tag < NETWORK_ID) this.realm = tag;
    else if (count === 1 && tag < NETWORK_ID && this.realm > 0) {
      this.realm = (this.realm << 12) | tag;
    } else this.realm = mix(this.realm, tag) | 0x80000000;
  }

  /** The realm in words: `10`, `10.20`, `vni5`; empty for none. */
  realmText(): string {
    const shown = Math.min(this.#tagCount, TAGS_MAX);
    let text = "";
    for (let i = 0; i < shown; i++) {
      const tag = this.#tags[i]!;
      if (i > 0) text += ".";
      text += tag >= NETWORK_ID ? `vni${tag & 0xffffff}` : String(tag);
    }
    return text;
  }
}

function mix(a: number, b: number): number {
  const h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  return h ^ (h >>> 15);
}
