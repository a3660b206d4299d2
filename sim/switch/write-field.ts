import { W } from "./layout.ts";
import type { Packet } from "./packet.ts";

/**
 * Writes the bits of `mask` of the key's word `word` into the packet's bytes, and corrects the checksums that cover
 * them. A word whose field the packet does not have is left alone.
 */
export function writeWord(packet: Packet, word: number, value: number, mask: number): void {
  const write = WRITERS[word];
  if (write !== undefined) write(packet, value, mask);
}

type Writer = (packet: Packet, value: number, mask: number) => void;

const WRITERS: Readonly<Record<number, Writer>> = {
  [W.ethDst]: (p, v, m) => merge16(p, 0, v, m),
  [W.ethDst + 1]: (p, v, m) => merge32(p, 2, v, m),
  [W.ethSrc]: (p, v, m) => merge16(p, 6, v, m),
  [W.ethSrc + 1]: (p, v, m) => merge32(p, 8, v, m),
  [W.nwProto]: arp16(6),
  ...linkAddressWriters(W.arpSha, 8, 1),
  ...linkAddressWriters(W.arpTha, 18, 2),
  ...targetWriters(),
  [W.nwTtl]: writeTtl,
  [W.nwTos]: writeTos,
  [W.ipv6Label]: writeLabel,
  [W.tpSrc]: (p, v, m) => writeTransport(p, 0, v, m),
  [W.tpDst]: (p, v, m) => writeTransport(p, 2, v, m),
  ...addressWriters(W.ipSrc, 12, 8, 14),
  ...addressWriters(W.ipDst, 16, 24, 24),
};

function merge16(packet: Packet, at: number, value: number, mask: number): void {
  packet.put16(at, (packet.get16(at) & ~mask & 0xffff) | value, 0, 0);
}

function merge32(packet: Packet, at: number, value: number, mask: number): void {
  packet.put32(at, (packet.get32(at) & ~mask) | value, 0, 0);
}

function isArp(packet: Packet): boolean {
  return packet.l3 !== 0 && (packet.ethType === 0x0806 || packet.ethType === 0x8035);
}

function arp16(offset: number): Writer {
  return (p, v, m) => {
    if (isArp(p)) merge16(p, p.l3 + offset, v, m);
  };
}

/** The two words of a hardware address: in ARP at `offset`, in neighbour discovery in the option `type`. */
function linkAddressWriters(word: number, offset: number, type: 1 | 2): Record<number, Writer> {
  const at = (p: Packet): number => (isArp(p) ? p.l3 + offset : findNdOption(p, type));
  return {
    [word]: (p, v, m) => {
      const start = at(p);
      if (start > 0) p.put16(start, (p.get16(start) & ~m & 0xffff) | v, 0, ndChecksum(p));
    },
    [word + 1]: (p, v, m) => {
      const start = at(p);
      if (start > 0) p.put32(start + 2, (p.get32(start + 2) & ~m) | v, 0, ndChecksum(p));
    },
  };
}

/** The four words of the target of neighbour discovery. */
function targetWriters(): Record<number, Writer> {
  const writers: Record<number, Writer> = {};
  for (let i = 0; i < 4; i++) {
    writers[W.ndTarget + i] = (p, v, m) => {
      if (!isNd(p)) return;
      const at = p.l4 + 8 + 4 * i;
      p.put32(at, (p.get32(at) & ~m) | v, 0, ndChecksum(p));
    };
  }
  return writers;
}

/** Neighbour solicitation and advertisement (RFC 4861 section 4.3, 4.4) with a whole target. */
function isNd(p: Packet): boolean {
  if (p.ethType !== 0x86dd || p.protocol !== 58 || p.l4 === 0 || p.end - p.l4 < 24) return false;
  return p.bytes[p.l4] === 135 || p.bytes[p.l4] === 136;
}

function ndChecksum(p: Packet): number {
  return isArp(p) ? 0 : p.l4 + 2;
}

/** Where the address of the option begins; 0: there is no such option. */
function findNdOption(p: Packet, type: number): number {
  if (!isNd(p)) return 0;
  for (let at = p.l4 + 24; at + 8 <= p.end; ) {
    const length = p.bytes[at + 1]! * 8;
    if (length === 0) return 0;
    if (p.bytes[at] === type && length === 8) return at + 2;
    at += length;
  }
  return 0;
}

/** The four words of an address: the first is also the whole of an IPv4 or ARP address. */
function addressWriters(word: number, v4: number, v6: number, arp: number): Record<number, Writer> {
  const writers: Record<number, Writer> = {};
  for (let i = 0; i < 4; i++) {
    writers[word + i] = (p, v, m) => {
      if (p.l3 === 0 || lacksHeader(p)) return;
      if (p.ethType === 0x86dd) {
        const at = p.l3 + v6 + 4 * i;
        const old = p.get32(at);
        if (((old ^ v) & m) !== 0) p.connection = null;
        p.put32(at, (old & ~m) | v, 0, p.transportChecksum());
      } else if (i === 0 && p.ethType === 0x0800) {
        const old = p.get32(p.l3 + v4);
        // Changed, it is to conntrack another packet.
        if (((old ^ v) & m) !== 0) p.connection = null;
        p.setIpv4(p.l3 + v4, (old & ~m) | v);
      } else if (i === 0 && isArp(p)) merge32(p, p.l3 + arp, v, m);
    };
  }
  return writers;
}

/** A header that is cut off: Open vSwitch sees no protocol then, and leaves the packet alone. */
function lacksHeader({ ethType, protocol }: Packet): boolean {
  return protocol === 0 && (ethType === 0x0800 || ethType === 0x86dd);
}

function writeTtl(packet: Packet, value: number): void {
  const { l3 } = packet;
  if (l3 === 0 || lacksHeader(packet)) return;
  if (packet.ethType === 0x0800) {
    packet.put16(l3 + 8, (value << 8) | packet.bytes[l3 + 9]!, l3 + 10, 0);
  } else if (packet.ethType === 0x86dd) packet.own()[l3 + 7] = value;
}

/** Type of service (RFC 2474), traffic class in IPv6: there it straddles two bytes. */
function writeTos(packet: Packet, value: number, mask: number): void {
  const { l3 } = packet;
  if (l3 === 0 || lacksHeader(packet)) return;
  const old = packet.get16(l3);
  if (packet.ethType === 0x0800) packet.put16(l3, (old & ~mask) | value, l3 + 10, 0);
  else if (packet.ethType === 0x86dd) merge16(packet, l3, value << 4, mask << 4);
}

function writeLabel(packet: Packet, value: number, mask: number): void {
  if (packet.ethType === 0x86dd && packet.l3 !== 0) merge32(packet, packet.l3, value, mask);
}

/** Not a header that says it is shorter than one, or longer than the packet. */
function hasTcpHeader({ bytes, l4, end }: Packet): boolean {
  const length = (bytes[l4 + 12]! >> 4) * 4;
  return length >= 20 && length <= end - l4;
}

/** Ports; type (`which` 0) and code (2) of ICMP, which are bytes. */
function writeTransport(packet: Packet, which: 0 | 2, value: number, mask: number): void {
  const { l4, protocol } = packet;
  if (l4 === 0 || (protocol === 6 && !hasTcpHeader(packet))) return;
  packet.connection = null;
  if (protocol === 1 || protocol === 58) {
    const shift = which === 0 ? 8 : 0;
    const old = packet.get16(l4);
    packet.put16(l4, (old & ~(mask << shift) & 0xffff) | (value << shift), 0, l4 + 2);
  } else if (protocol === 6 || protocol === 17 || protocol === 132) {
    packet.setPort(which, (packet.get16(l4 + which) & ~mask & 0xffff) | value);
  }
}
