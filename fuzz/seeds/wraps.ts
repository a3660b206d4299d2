import type { Random } from "../../src/base/random.ts";
import { LINK_TYPE } from "../../src/wire/dissect-link.ts";
import { emitUdpFrame } from "../../src/wire/packet.ts";
import { join } from "../mutate/bytes.ts";

/** A packet as a capture of that link type holds it. */
export interface Wrapped {
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

/** Puts an Ethernet frame with IP into another link layer, a tunnel, or pieces. */
export type Wrap = (frame: Uint8Array, random: Random) => readonly Wrapped[];

/** Every way in which a capture can hold the same packet. */
export const WRAPS: readonly Wrap[] = [
  (frame) => [{ linkType: LINK_TYPE.ethernet, bytes: frame }],
  (frame) => [{ linkType: LINK_TYPE.ethernet, bytes: frame }],
  // QinQ, and three tags.
  (frame) => ethernet(frame, bytesOf(0x88, 0xa8, 0, 10, 0x81, 0, 0, 20)),
  (frame) => ethernet(frame, bytesOf(0x88, 0xa8, 0, 10, 0x91, 0, 0, 20, 0x81, 0, 0xe0, 30)),
  (frame) => ethernet(frame, bytesOf(0x88, 0x47, 0, 1, 0x01, 64), 2),
  (frame) => ethernet(frame, bytesOf(0x88, 0x64, 0x11, 0, 0, 1, 0, 42, 0, 0x21), 2),
  (frame) => [
    {
      linkType: LINK_TYPE.cooked,
      bytes: join(bytesOf(0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0), frame.subarray(12)),
    },
  ],
  (frame) => [
    {
      linkType: LINK_TYPE.cooked2,
      bytes: join(frame.subarray(12, 14), new Uint8Array(18), frame.subarray(14)),
    },
  ],
  (frame) => [{ linkType: LINK_TYPE.raw, bytes: frame.subarray(14) }],
  (frame) => [{ linkType: LINK_TYPE.null, bytes: join(family(frame, true), frame.subarray(14)) }],
  (frame) => [{ linkType: LINK_TYPE.loop, bytes: join(family(frame, false), frame.subarray(14)) }],
  (frame) => {
    const packet = frame.subarray(14);
    const length = packet.length + 4;
    const header = bytesOf(2, 0, 0, 0, 5, 0, 10, 0, 0x41, 0, 0, 0, length & 255, length >> 8, 9, 0);
    return [{ linkType: LINK_TYPE.nflog, bytes: join(header, packet) }];
  },
  (frame) => [{ linkType: LINK_TYPE.wlan, bytes: join(WLAN, frame.subarray(12)) }],
  (frame) => [
    {
      linkType: LINK_TYPE.radiotap,
      bytes: join(bytesOf(0, 0, 8, 0, 0, 0, 0, 0), WLAN, frame.subarray(12)),
    },
  ],
  (frame) => [{ linkType: LINK_TYPE.ppi, bytes: join(bytesOf(0, 0, 8, 0, 1, 0, 0, 0), frame) }],
  (frame) => [
    { linkType: LINK_TYPE.pktap, bytes: join(bytesOf(12, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0), frame) },
  ],
  (frame) => [
    { linkType: LINK_TYPE.ppp, bytes: join(bytesOf(0xff, 3, 0, 0x21), frame.subarray(14)) },
  ],
  // VXLAN and GRE.
  (frame) => tunnel(join(bytesOf(8, 0, 0, 0, 0, 0, 5, 0), frame), 4_789),
  (frame) => {
    const gre = tunnel(join(bytesOf(0, 0), frame.subarray(12)), 1)[0]!.bytes;
    // The UDP header goes, GRE's stands in its place.
    const bytes = join(gre.subarray(0, 34), gre.subarray(42));
    bytes[23] = 47;
    bytes[16] = (bytes.length - 14) >> 8;
    bytes[17] = bytes.length - 14;
    return [{ linkType: LINK_TYPE.ethernet, bytes }];
  },
  fragments,
  fragments,
];

/** IPv4 or IPv6 fragments, sometimes overlapping and in the wrong order. */
function fragments(frame: Uint8Array, random: Random): readonly Wrapped[] {
  const isIpv4 = frame[12] === 8 && frame[13] === 0;
  const headerBytes = isIpv4 ? 20 : 40;
  const content = frame.subarray(14 + headerBytes);
  const size = random.pick([8, 16, 24, 512]);
  if (content.length > size * 20) return [{ linkType: LINK_TYPE.ethernet, bytes: frame }];
  const pieces: Wrapped[] = [];
  const id = random.int(0, 0xffff);
  for (let at = 0; at < content.length; at += size) {
    const start = random.chance(0.1) ? Math.max(0, at - 8) : at;
    const piece = content.subarray(start, at + size);
    const field = (start & 0xfff8) | (at + size < content.length ? 1 : 0);
    const bytes = isIpv4
      ? join(frame.subarray(0, 34), piece)
      : join(
          frame.subarray(0, 54),
          bytesOf(frame[20]!, 0, field >> 8, field & 255, 0, 0, id >> 8, id & 255),
          piece,
        );
    const view = new DataView(bytes.buffer);
    if (isIpv4) {
      view.setUint16(16, bytes.length - 14);
      view.setUint16(18, id);
      view.setUint16(20, (start >> 3) | ((field & 1) << 13));
    } else {
      view.setUint16(18, bytes.length - 54);
      bytes[20] = 44;
    }
    pieces.push({ linkType: LINK_TYPE.ethernet, bytes });
  }
  return random.chance(0.3) ? random.shuffle(pieces) : pieces;
}

/** Bytes put in before the EtherType; `replaces` bytes of it go. */
function ethernet(frame: Uint8Array, tags: Uint8Array, replaces = 0): readonly Wrapped[] {
  const bytes = join(frame.subarray(0, 12), tags, frame.subarray(12 + replaces));
  return [{ linkType: LINK_TYPE.ethernet, bytes }];
}

function tunnel(payload: Uint8Array, port: number): readonly Wrapped[] {
  const bytes = emitUdpFrame({
    sourceMac: "52:54:00:00:00:aa",
    destinationMac: "52:54:00:00:00:bb",
    source: "192.0.2.1",
    destination: "192.0.2.2",
    udp: { sourcePort: 50_000, destinationPort: port },
    payload,
  });
  return [{ linkType: LINK_TYPE.ethernet, bytes }];
}

/** 802.11 data to the access point, with LLC and SNAP; the EtherType follows. */
const WLAN = bytesOf(
  ...[8, 1, 0, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0, 0],
  ...[0xaa, 0xaa, 3, 0, 0, 0],
);

function family(frame: Uint8Array, little: boolean): Uint8Array {
  const number = frame[12] === 8 ? 2 : 30;
  return little ? bytesOf(number, 0, 0, 0) : bytesOf(0, 0, 0, number);
}

function bytesOf(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}
