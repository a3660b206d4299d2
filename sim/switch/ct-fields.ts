import { PACKET_WORD, W } from "./layout.ts";
import type { Packet } from "./packet.ts";

const LATER_FRAGMENT = 3;

/** What conntrack found, into the key of the next walk. */
export function fillCt(packet: Packet, key: Int32Array): void {
  key[W.ctState] = packet.ctState;
  key[W.ctZone] = packet.ctZone;
  key[W.ctMark] = packet.ctMark;
  const { ctLabel, origin } = packet;
  for (let i = 0; i < 4; i++) key[W.ctLabel + i] = ctLabel === null ? 0 : ctLabel[i]!;
  key.fill(0, W.ctSrc, PACKET_WORD);
  if (origin === null) return;
  const { original } = origin;
  const { wide } = original;
  // Of a packet that is none of that version (a tag hides it) the tuple is not shown.
  if (packet.ethType !== (wide === null ? 0x0800 : 0x86dd)) return;
  const last = wide === null ? 0 : 3;
  if (wide !== null) {
    for (let i = 0; i < 3; i++) {
      key[W.ctSrc + i] = wide[i]!;
      key[W.ctDst + i] = wide[3 + i]!;
    }
  }
  key[W.ctSrc + last] = original.source;
  key[W.ctDst + last] = original.destination;
  key[W.ctProto] = original.protocol & 0xff;
  // Open vSwitch reads these where it reads the packet's own ports, which a later fragment does not have.
  if (packet.fragment === LATER_FRAGMENT) return;
  const icmp = key[W.ctProto] === 1 || key[W.ctProto] === 58;
  key[W.ctTpSrc] = icmp ? original.sourcePort >> 16 : original.sourcePort;
  key[W.ctTpDst] = icmp ? 0 : original.destinationPort;
}
