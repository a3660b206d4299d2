import { checksumOf, sumBytes } from "../../../src/wire/checksum.ts";
import { extractKey } from "../key.ts";
import { CT_STATE, WORDS } from "../layout.ts";
import type { Packet } from "../packet.ts";

/** What `dpctl/ipf-…` sets and counts for each version of IP. */
export interface FragmentFamily {
  /** Off: no fragment is held, and each is invalid to conntrack. */
  enabled: boolean;
  /** A fragment other than the last that is smaller than this is refused: nobody but an attacker sends such. */
  sizeMin: number;
  accepted: number;
  completed: number;
  /** Given up because their packet never became complete. */
  expired: number;
  tooSmall: number;
  overlapped: number;
}

function family(sizeMin: number): FragmentFamily {
  return {
    enabled: true,
    sizeMin,
    accepted: 0,
    completed: 0,
    expired: 0,
    tooSmall: 0,
    overlapped: 0,
  };
}

interface Piece {
  readonly packet: Packet;
  /** Where its data stands in the frame, and where in the whole packet. */
  readonly dataAt: number;
  readonly first: number;
  readonly last: number;
}

interface Pending {
  readonly family: FragmentFamily;
  readonly pieces: Piece[];
  readonly expiresMs: number;
  /** Offset behind the last byte; -1 while the last fragment is missing. */
  total: number;
}

export interface Reassembled {
  readonly whole: Packet;
  /** The fragments in the order of their data. */
  readonly parts: readonly Packet[];
}

/** What a fragment says about its place, read from the IP header (RFC 791, RFC 8200 section 4.5). */
interface Place {
  readonly id: string;
  readonly dataAt: number;
  readonly offset: number;
  readonly more: boolean;
}

/**
 * Fragments that wait for the rest of their packet: conntrack sees only whole packets. Overlapping fragments are
 * invalid. What is not complete in time goes on, untracked, behind a packet that comes later (`takeExpired`).
 */
export class Fragments {
  readonly #pending = new Map<string, Pending>();
  readonly #timeoutMs: number;
  #held = 0;
  readonly v4 = family(1_200);
  readonly v6 = family(1_280);
  /** Fragments held at once; beyond, each is invalid. */
  max: number;

  constructor(limits: { readonly fragmentsMax: number; readonly fragmentMs: number }) {
    this.max = limits.fragmentsMax;
    this.#timeoutMs = limits.fragmentMs;
  }

  get held(): number {
    return this.#held;
  }

  /**
   * Takes a fragment. `null`: it is held until the others have come. `scope` keeps apart what does not belong
   * together though the packets look alike: zone and place in the pipeline.
   */
  accept(packet: Packet, scope: string, nowMs: number): Reassembled | "invalid" | null {
    const v4 = packet.ethType === 0x0800;
    const family = v4 ? this.v4 : this.v6;
    const place = !family.enabled ? null : v4 ? placeV4(packet) : placeV6(packet);
    if (place === null || this.#held >= this.max) return "invalid";
    if (place.more && packet.end - packet.l3 < family.sizeMin) {
      family.tooSmall++;
      return "invalid";
    }
    const bytes = packet.end - place.dataAt;
    const piece: Piece = {
      packet: packet.clone(),
      dataAt: place.dataAt,
      first: place.offset,
      last: place.offset + bytes - 1,
    };
    const key = `${scope}|${place.id}`;
    const pending = this.#pending.get(key) ?? this.#begin(key, family, nowMs);
    if (bytes <= 0 || pending.pieces.some((p) => piece.first <= p.last && p.first <= piece.last)) {
      family.overlapped++;
      return "invalid";
    }
    pending.pieces.push(piece);
    this.#held++;
    family.accepted++;
    if (!place.more) pending.total = piece.last + 1;
    if (!isComplete(pending)) return null;
    this.#forget(key, pending);
    family.completed += pending.pieces.length;
    const pieces = pending.pieces.sort((a, b) => a.first - b.first);
    return { whole: join(pieces), parts: pieces.map((p) => p.packet) };
  }

  #begin(key: string, family: FragmentFamily, nowMs: number): Pending {
    const pending = { family, pieces: [], expiresMs: nowMs + this.#timeoutMs, total: -1 };
    this.#pending.set(key, pending);
    return pending;
  }

  #forget(key: string, pending: Pending): void {
    this.#pending.delete(key);
    this.#held -= pending.pieces.length;
  }

  /**
   * Fragments whose time is over, invalid to conntrack; of one packet only, as every packet of their IP version that
   * conntrack sees takes along those of one. They belong behind it, on its way.
   */
  takeExpired(ethType: number, nowMs: number): readonly Packet[] {
    if (this.#held === 0) return [];
    const family = ethType === 0x0800 ? this.v4 : this.v6;
    // The map is in the order of arrival, so the oldest come first.
    for (const [key, pending] of this.#pending) {
      if (pending.expiresMs >= nowMs) return [];
      if (pending.family !== family) continue;
      family.expired += pending.pieces.length;
      this.#forget(key, pending);
      return pending.pieces.map(({ packet }) => {
        packet.ctClear();
        packet.ctState = CT_STATE.inv;
        // It goes on behind another packet, whose key is not its own.
        packet.changed = true;
        return packet;
      });
    }
    return [];
  }
}

function isComplete({ pieces, total }: Pending): boolean {
  // They do not overlap, so they fill the packet if their lengths do.
  const bytes = pieces.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return total >= 0 && bytes === total;
}

function placeV4(packet: Packet): Place | null {
  const { bytes, l3 } = packet;
  const headerEnd = l3 + (bytes[l3]! & 0x0f) * 4;
  if (checksumOf(sumBytes(bytes, l3, headerEnd)) !== 0) return null;
  const field = packet.get16(l3 + 6);
  const addresses = `${packet.get32(l3 + 12)}|${packet.get32(l3 + 16)}`;
  return {
    id: `${addresses}|${packet.get16(l3 + 4)}|${bytes[l3 + 9]}`,
    dataAt: headerEnd,
    offset: (field & 0x1fff) * 8,
    more: (field & 0x2000) !== 0,
  };
}

function placeV6(packet: Packet): Place | null {
  const at = fragmentHeader(packet);
  if (at < 0) return null;
  const field = packet.get16(at + 2);
  const addresses = packet.bytes.subarray(packet.l3 + 8, packet.l3 + 40).join();
  return {
    id: `${addresses}|${packet.get32(at + 4)}`,
    dataAt: at + 8,
    offset: field & 0xfff8,
    more: (field & 1) !== 0,
  };
}

/** Offset of the fragment header, -1 without one. */
function fragmentHeader(packet: Packet): number {
  const { bytes, l3, end } = packet;
  let next = bytes[l3 + 6]!;
  let at = l3 + 40;
  while (at + 8 <= end) {
    if (next === 44) return at;
    if (next !== 0 && next !== 43 && next !== 60) return -1;
    next = bytes[at]!;
    at += (bytes[at + 1]! + 1) * 8;
  }
  return -1;
}

/** One packet out of all pieces, with the headers of the first. */
function join(pieces: readonly Piece[]): Packet {
  const head = pieces[0]!;
  const { packet, dataAt } = head;
  const dataBytes = pieces.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const bytes = new Uint8Array(dataAt + dataBytes);
  bytes.set(packet.bytes.subarray(0, dataAt));
  for (const p of pieces) {
    const data = p.packet.bytes.subarray(p.dataAt, p.dataAt + p.last - p.first + 1);
    bytes.set(data, dataAt + p.first);
  }
  const { l3 } = packet;
  const view = new DataView(bytes.buffer);
  if (packet.ethType === 0x0800) {
    view.setUint16(l3 + 2, bytes.length - l3);
    view.setUint16(l3 + 6, view.getUint16(l3 + 6) & 0xc000);
    view.setUint16(l3 + 10, 0);
    view.setUint16(l3 + 10, checksumOf(sumBytes(bytes, l3, dataAt)));
  } else {
    view.setUint16(l3 + 4, bytes.length - l3 - 40);
    view.setUint16(dataAt - 6, 0);
  }
  const whole = packet.clone();
  whole.bytes = bytes;
  whole.shared = false;
  whole.checksums = 0;
  extractKey(whole, new Int32Array(WORDS));
  return whole;
}

/** After conntrack has seen the whole packet: its verdict and its translation, on each of the fragments. */
export function takeOver({ whole, parts }: Reassembled): void {
  for (const [i, part] of parts.entries()) {
    part.ctState = whole.ctState;
    part.ctZone = whole.ctZone;
    part.ctMark = whole.ctMark;
    part.ctLabel = whole.ctLabel;
    part.origin = whole.origin;
    part.connection = null;
    if (whole.ethType === 0x0800) {
      for (const at of [12, 16])
        part.put32(part.l3 + at, whole.get32(whole.l3 + at), part.l3 + 10, 0);
    } else {
      for (let at = 8; at < 40; at += 4) part.put32(part.l3 + at, whole.get32(whole.l3 + at), 0, 0);
    }
    if (i === 0) {
      const data = whole.bytes.subarray(whole.l4, whole.l4 + part.end - part.l4);
      part.own().set(data, part.l4);
    }
    // The key of the walk that goes on is another fragment's.
    part.changed = true;
  }
}
