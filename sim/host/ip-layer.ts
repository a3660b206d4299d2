import type { Endpoint } from "../../src/base/net.ts";
import { ICMP_TYPE, type Icmp } from "../../src/wire/icmp.ts";
import { isFragment } from "../../src/wire/ipv4.ts";
import { isGroupMac } from "../../src/wire/mac.ts";
import { emitIcmpFrame, emitTcpFrame, emitUdpFrame, type Route } from "../../src/wire/packet.ts";
import type { Packet } from "./interface.ts";
import { mssOption } from "./mss-option.ts";
import type { Segment } from "./segment.ts";

/** Builds the frame once the addresses on the link are known. */
export type BuildFrame = (route: Route) => Uint8Array;

/** What the protocols above IP need from their host. */
export interface IpLayer {
  /**
   * Send a packet. `failed` is called when the neighbour does not answer ARP; false where there is no route (nothing is
   * called then).
   */
  sendPacket(destination: string, build: BuildFrame, failed?: () => void): boolean;
}

export function tcpFrame(localPort: number, remotePort: number, segment: Segment): BuildFrame {
  const { sequence, acknowledgement, flags, window, mss, payload } = segment;
  const base = {
    sourcePort: localPort,
    destinationPort: remotePort,
    sequence,
    acknowledgement,
    flags,
    window,
  };
  const tcp = mss === null ? base : { ...base, options: mssOption(mss) };
  return (route) => emitTcpFrame({ ...route, tcp, payload });
}

export function udpFrame(localPort: number, to: Endpoint, payload: Uint8Array): BuildFrame {
  const udp = { sourcePort: localPort, destinationPort: to.port };
  return (route) => emitUdpFrame({ ...route, udp, payload });
}

export function icmpFrame(icmp: Icmp): BuildFrame {
  return (route) => emitIcmpFrame({ ...route, icmp });
}

/** The ICMP error about a packet, or null where none may be sent (RFC 1122, 3.2.2). */
export function icmpErrorAbout(packet: Packet, type: number, code: number): BuildFrame | null {
  const { bytes, frame, ipv4 } = packet;
  const about =
    packet.toGroup ||
    isGroupMac(frame.ethernet.destination) ||
    (isFragment(ipv4) && ipv4.fragmentOffset > 0) ||
    (frame.icmp !== undefined && frame.icmp.kind !== "echo") ||
    ipv4.source === "0.0.0.0" ||
    ipv4.source === "255.255.255.255";
  if (about) return null;
  // The header and the first eight bytes behind it (RFC 792).
  const end = Math.min(frame.packetEnd, frame.transportAt + 8);
  const payload = bytes.slice(frame.networkAt, end);
  return icmpFrame({ kind: "error", type, code, rest: 0, payload });
}

export function echoReply(icmp: Icmp): BuildFrame | null {
  if (icmp.kind !== "echo" || icmp.type !== ICMP_TYPE.echoRequest) return null;
  return icmpFrame({ ...icmp, type: ICMP_TYPE.echoReply });
}
