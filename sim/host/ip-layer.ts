import { ICMP_TYPE, type Icmp } from "../../src/wire/icmp.ts";
import { isFragment } from "../../src/wire/ipv4.ts";
import { isGroupMac } from "../../src/wire/mac.ts";
import { emitIcmpFrame, emitTcpFrame, emitUdpFrame } from "../../src/wire/packet.ts";
import type { TcpFields } from "../../src/wire/tcp.ts";
import { emitTcpOptions } from "../../src/wire/tcp-options.ts";
import type { UdpHeader } from "../../src/wire/udp.ts";
import type { Packet } from "./interface.ts";
import type { Segment } from "./segment.ts";

/** What a packet carries. */
export type Content =
  | { readonly tcp: TcpFields; readonly payload: Uint8Array }
  | { readonly udp: UdpHeader; readonly payload: Uint8Array }
  | { readonly icmp: Icmp };

/** What the protocols above IP need from their host. */
export interface IpLayer {
  /**
   * Send a packet. `failed` is called when the neighbour does not answer ARP; false where there is no route (nothing is
   * called then).
   */
  sendPacket(destination: string, content: Content, failed?: () => void): boolean;
}

/** The frame of a packet once the addresses on the link are known. */
export function emitPacket(
  destinationMac: string,
  sourceMac: string,
  source: string,
  destination: string,
  ttl: number,
  identification: number,
  content: Content,
): Uint8Array {
  if ("tcp" in content) {
    const { tcp, payload } = content;
    // Not spread: this is done for each packet.
    return emitTcpFrame({
      destinationMac,
      sourceMac,
      source,
      destination,
      ttl,
      identification,
      tcp,
      payload,
    });
  }
  const route = { destinationMac, sourceMac, source, destination, ttl, identification };
  if ("udp" in content) return emitUdpFrame({ ...route, ...content });
  return emitIcmpFrame({ ...route, icmp: content.icmp });
}

export function tcpContent(localPort: number, remotePort: number, segment: Segment): Content {
  const { sequence, acknowledgement, flags, window, mss, payload } = segment;
  const tcp = {
    sourcePort: localPort,
    destinationPort: remotePort,
    sequence,
    acknowledgement,
    flags,
    window,
  };
  return {
    tcp: mss === null ? tcp : { ...tcp, options: emitTcpOptions({ maximumSegmentSize: mss }) },
    payload,
  };
}

/** The ICMP error about a packet, or null where none may be sent (RFC 1122, 3.2.2). */
export function icmpErrorAbout(packet: Packet, type: number, code: number): Content | null {
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
  return { icmp: { kind: "error", type, code, rest: 0, payload } };
}

export function echoReply(icmp: Icmp): Content | null {
  if (icmp.kind !== "echo" || icmp.type !== ICMP_TYPE.echoRequest) return null;
  return { icmp: { ...icmp, type: ICMP_TYPE.echoReply } };
}
