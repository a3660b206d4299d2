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
  for (let word: number = W.ctSrc; word < PACKET_WORD; word++) key[word] = 0;
  if (origin === null) return;
  const { original } = origin;
  const { wide, source, destination, protocol, sourcePort, destinationPort } = original;
  // Of a packet that is none of that version (a tag hides it) the tuple is not shown.
  if (packet.ethType !== (wide === null ? 0x0800 : 0x86dd)) return;
  const last = wide === null ? 0 : 3;
  if (wide !== null) {
    for (let i = 0; i < 3; i++) {
      key[W.ctSrc + i] = wide[i]!;
      key[W.ctDst + i] = wide[3 + i]!;
    }
  }
  key[W.ctSrc + last] = source;
  key[W.ctDst + last] = destination;
  key[W.ctProto] = protocol & 0xff;
  // Open vSwitch reads these where it reads the packet's own ports, which a later fragment does not have.
  if (packet.fragment === LATER_FRAGMENT) return;
  const icmp = key[W.ctProto] === 1 || key[W.ctProto] === 58;
  key[W.ctTpSrc] = icmp ? sourcePort >> 16 : sourcePort;
  key[W.ctTpDst] = icmp ? 0 : destinationPort;
}
