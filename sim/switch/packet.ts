import { adjustChecksum } from "../../src/wire/checksum.ts";
import type { Connection } from "./conntrack/connection.ts";
import type { Tuple } from "./conntrack/tuple.ts";

/**
 * A packet on its way through the switch: the bytes, where the headers start, and what conntrack knows of it.
 * Bytes that came in or went out are never changed: the first change after that works on a copy.
 */
export class Packet {
  bytes: Uint8Array;
  /** Whether `bytes` belongs to somebody else, too. */
  shared = true;
  /** Whether the bytes changed since the key was read from them. */
  changed = true;
  /** Offsets of the network and transport header; 0: there is none (or a fragment hides it). */
  l3 = 0;
  l4 = 0;
  /** End of the IP packet; what follows is padding. */
  end = 0;
  /** Ethernet type after VLAN tags, and protocol of the transport header (0: none). */
  ethType = 0;
  protocol = 0;
  /** 0: whole; 1: first fragment; 3: later fragment. */
  fragment = 0;
  /** Checksums of IP and transport: not looked at yet, right, wrong. Changes keep them right or wrong. */
  checksums: 0 | 1 | 2 = 0;

  /** What a select group chooses by; 0: not computed yet. */
  dpHash = 0;

  ctState = 0;
  ctZone = 0;
  ctMark = 0;
  ctLabel: Int32Array | null = null;
  /** The connection that the last `ct` found, for the fast way through a second `ct` of the same zone. */
  connection: Connection | null = null;
  connectionReply = false;
  connectionRelated = false;
  /** Whose original tuple the `ct_nw_*` fields show. */
  origin: { readonly original: Tuple } | null = null;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Back to a packet that nothing is known of. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.shared = true;
    this.changed = true;
    this.checksums = 0;
    this.dpHash = 0;
    this.ctClear();
  }

  ctClear(): void {
    this.ctState = 0;
    this.ctZone = 0;
    this.ctMark = 0;
    this.ctLabel = null;
    this.connection = null;
    this.origin = null;
  }

  /** The same packet again; the bytes are shared until one of the two changes. */
  clone(): Packet {
    this.shared = true;
    const copy = new Packet(this.bytes);
    copy.changed = this.changed;
    copy.l3 = this.l3;
    copy.l4 = this.l4;
    copy.end = this.end;
    copy.ethType = this.ethType;
    copy.protocol = this.protocol;
    copy.fragment = this.fragment;
    copy.checksums = this.checksums;
    copy.dpHash = this.dpHash;
    copy.ctState = this.ctState;
    copy.ctZone = this.ctZone;
    copy.ctMark = this.ctMark;
    copy.ctLabel = this.ctLabel;
    copy.connection = this.connection;
    copy.connectionReply = this.connectionReply;
    copy.connectionRelated = this.connectionRelated;
    copy.origin = this.origin;
    return copy;
  }

  /** The bytes as they are now, for somebody who keeps them. */
  snapshot(): Uint8Array {
    this.shared = true;
    return this.bytes;
  }

  /** The bytes to change: the packet's own. */
  own(): Uint8Array {
    this.changed = true;
    if (this.shared) {
      // Not slice(): a Buffer's would share the memory.
      this.bytes = new Uint8Array(this.bytes);
      this.shared = false;
    }
    return this.bytes;
  }

  get16(at: number): number {
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  get32(at: number): number {
    const b = this.bytes;
    return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
  }

  /** Writes 16 bits and corrects the checksums at `ip` and `transport` (0: none) that cover them. */
  put16(at: number, value: number, ip: number, transport: number): void {
    const old = this.get16(at);
    if (old === value) return;
    const b = this.own();
    b[at] = value >>> 8;
    b[at + 1] = value & 0xff;
    if (ip !== 0) this.#correct(ip, old, value, false);
    if (transport !== 0) this.#correct(transport, old, value, this.protocol === 17);
  }

  put32(at: number, value: number, ip: number, transport: number): void {
    this.put16(at, value >>> 16, ip, transport);
    this.put16(at + 2, value & 0xffff, ip, transport);
  }

  #correct(at: number, oldWord: number, newWord: number, udp: boolean): void {
    const checksum = this.get16(at);
    const b = this.own();
    let updated = adjustChecksum(checksum, oldWord, newWord);
    if (udp && updated === 0) updated = 0xffff;
    b[at] = updated >>> 8;
    b[at + 1] = updated & 0xff;
  }

  /** Offset of the transport checksum that also covers the addresses; 0 where there is none. */
  transportChecksum(): number {
    if (this.l4 === 0) return 0;
    if (this.protocol === 6) return this.end - this.l4 >= 20 ? this.l4 + 16 : 0;
    if (this.protocol === 17 && this.end - this.l4 >= 8) {
      return this.get16(this.l4 + 6) === 0 ? 0 : this.l4 + 6;
    }
    if (this.protocol === 58 && this.end - this.l4 >= 4) return this.l4 + 2;
    return 0;
  }

  setIpv4(at: number, address: number): void {
    this.put32(at, address, this.l3 + 10, this.transportChecksum());
  }

  setIpv6(at: number, words: ArrayLike<number>, from: number): void {
    for (let i = 0; i < 4; i++) {
      this.put32(at + 4 * i, words[from + i] ?? 0, 0, this.transportChecksum());
    }
  }

  /**
   * Source port (`which` 0) or destination port (2). Where an ICMP error quotes less than a TCP header, Open vSwitch 3.1
   * corrects a checksum there all the same: in the padding of the frame, and in its memory behind it (0, as a rule).
   */
  setPort(which: 0 | 2, port: number): void {
    if (this.l4 === 0) return;
    const checksum = this.protocol === 6 ? this.l4 + 16 : this.transportChecksum();
    this.put16(this.l4 + which, port, 0, checksum);
  }

  pushVlan(ethType: number, tci: number): void {
    const old = this.bytes;
    const b = new Uint8Array(old.length + 4);
    b.set(old.subarray(0, 12));
    b.set(old.subarray(12), 16);
    b[12] = ethType >>> 8;
    b[13] = ethType & 0xff;
    b[14] = tci >>> 8;
    b[15] = tci & 0xff;
    this.#replace(b, 4);
  }

  popVlan(): void {
    const type = this.get16(12);
    if ((type !== 0x8100 && type !== 0x88a8) || this.bytes.length < 18) return;
    const b = new Uint8Array(this.bytes.length - 4);
    b.set(this.bytes.subarray(0, 12));
    b.set(this.bytes.subarray(16), 12);
    this.#replace(b, -4);
  }

  #replace(bytes: Uint8Array, moved: number): void {
    this.bytes = bytes;
    this.shared = false;
    this.changed = true;
    if (this.l3 !== 0) this.l3 += moved;
    if (this.l4 !== 0) this.l4 += moved;
    if (this.end !== 0) this.end += moved;
  }
}
