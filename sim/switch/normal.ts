import type { MacTable } from "./mac-table.ts";
import type { Packet } from "./packet.ts";

/**
 * Where an ordinary learning switch sends the packet: a port, everywhere (`flood`), or nowhere (`null`). The sender's
 * address is learned on the way.
 */
export function normalPort(
  packet: Packet,
  inPort: number,
  vlan: number,
  macs: MacTable,
  nowMs: number,
): number | "flood" | null {
  if (packet.bytes.length < 14 || isReserved(packet)) return null;
  const sourceIsGroup = (packet.bytes[6]! & 1) !== 0;
  if (!sourceIsGroup) macs.learn(vlan, packet.get16(6), packet.get32(8), inPort, nowMs);
  if ((packet.bytes[0]! & 1) !== 0) return "flood";
  const port = macs.find(vlan, packet.get16(0), packet.get32(2), nowMs);
  if (port === null) return "flood";
  return port === inPort ? null : port;
}

/** 01:80:c2:00:00:00 to :0f, for protocols between neighbouring bridges (IEEE 802.1D, table 7-10). */
function isReserved(packet: Packet): boolean {
  return packet.get32(0) === 0x0180c200 && packet.bytes[4] === 0 && (packet.bytes[5]! & 0xf0) === 0;
}
