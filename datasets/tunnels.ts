import { setU16, setU32 } from "../src/wire/bytes.ts";
import { emitIpv4, parseIpv4 } from "../src/wire/ipv4.ts";
import { emitIpv6, parseIpv6 } from "../src/wire/ipv6.ts";
import { isMalformed } from "../src/wire/malformed.ts";
import { emitUdp } from "../src/wire/udp.ts";
import { ipv4Fragments } from "./fragments.ts";
import { ethernet, isIpv6, join } from "./link-layers.ts";

/*
 * An IP packet inside another one. The outer hosts are two tunnel ends; nobody but the tunnel knows them.
 */

const NEAR_END = "203.0.113.1";
const FAR_END = "203.0.113.2";
const IP_PROTOCOL_IPV6 = 41;
const IP_PROTOCOL_TCP = 6;
const IP_PROTOCOL_UDP = 17;
const IP_PROTOCOL_GRE = 47;
const IP_PROTOCOL_AUTHENTICATION = 51;
const VXLAN_PORT = 4789;
const GENEVE_PORT = 6081;
const GTP_PORT = 2152;

function ends(isFromClient: boolean) {
  return isFromClient
    ? { source: NEAR_END, destination: FAR_END }
    : { source: FAR_END, destination: NEAR_END };
}

/** A tunnel's UDP datagram, from one end to the other. The source port is a hash of the inner flow, so it differs by direction. */
function overUdp(isFromClient: boolean, destinationPort: number, payload: Uint8Array): Uint8Array {
  const outer = ends(isFromClient);
  const sourcePort = isFromClient ? 51_234 : 58_765;
  const datagram = emitUdp(
    { sourcePort, destinationPort, payload },
    outer.source,
    outer.destination,
  );
  const protocol = IP_PROTOCOL_UDP;
  return ethernet(emitIpv4({ ...outer, protocol, payload: datagram }), isFromClient);
}

/** VXLAN (RFC 7348 §5): a whole Ethernet frame in UDP. */
export function vxlan(packet: Uint8Array, isFromClient: boolean, network: number): Uint8Array {
  const header = new Uint8Array(8);
  header[0] = 0x08;
  setU32(header, 4, network << 8);
  return overUdp(isFromClient, VXLAN_PORT, join(header, ethernet(packet, isFromClient)));
}

/** Geneve (RFC 8926 §3.4) with one option of eight bytes; inside a whole Ethernet frame, or the bare packet. */
export function geneve(
  packet: Uint8Array,
  isFromClient: boolean,
  network: number,
  isBare: boolean,
): Uint8Array {
  const header = new Uint8Array(16);
  // The option takes two words of four bytes; its class is for experiments, its type not critical, its content one word.
  header[0] = 2;
  setU16(header, 2, isBare ? (isIpv6(packet) ? 0x86dd : 0x0800) : 0x6558);
  setU32(header, 4, network << 8);
  setU16(header, 8, 0xffff);
  header[11] = 1;
  return overUdp(
    isFromClient,
    GENEVE_PORT,
    join(header, isBare ? packet : ethernet(packet, isFromClient)),
  );
}

/** GTP-U (3GPP TS 29.281 §5.1): a user's packet, with a sequence number and, from the network, an extension header. */
export function gtp(packet: Uint8Array, isFromClient: boolean, sequence: number): Uint8Array {
  // Extension header type 0x85 (PDU session container): length in words of four bytes, two bytes of content, no next one.
  const extension = isFromClient ? new Uint8Array(0) : Uint8Array.of(1, 0, 9, 0);
  const optional = Uint8Array.of(0, 0, 0, isFromClient ? 0 : 0x85);
  setU16(optional, 0, sequence);
  const header = new Uint8Array(8);
  header[0] = isFromClient ? 0x32 : 0x36;
  header[1] = 255;
  setU16(header, 2, optional.length + extension.length + packet.length);
  setU32(header, 4, isFromClient ? 0x1001 : 0x2002);
  return overUdp(isFromClient, GTP_PORT, join(header, optional, extension, packet));
}

/** The authentication header (RFC 4302 §2) in transport mode, between IP and TCP. Its check value is made up. */
export function authenticated(packet: Uint8Array, isFromClient: boolean, sequence: number) {
  const whole = isIpv6(packet) ? parseIpv6(packet) : parseIpv4(packet);
  if (isMalformed(whole)) throw new RangeError(whole.malformed);
  const header = new Uint8Array(24).fill(0xab);
  header[0] = IP_PROTOCOL_TCP;
  // Words of four bytes, less two.
  header[1] = 4;
  setU16(header, 2, 0);
  setU32(header, 4, isFromClient ? 0x0100 : 0x0200);
  setU32(header, 8, sequence);
  const payload = join(header, whole.payload);
  const bytes =
    "nextHeader" in whole
      ? emitIpv6({ ...whole, nextHeader: IP_PROTOCOL_AUTHENTICATION, payload })
      : emitIpv4({ ...whole, protocol: IP_PROTOCOL_AUTHENTICATION, payload });
  return ethernet(bytes, isFromClient);
}

/** IPv6 in IPv4 (RFC 4213 §3.1): one header before the other. */
export function sixInFour(packet: Uint8Array, isFromClient: boolean): Uint8Array {
  const outer = ends(isFromClient);
  return ethernet(
    emitIpv4({ ...outer, protocol: IP_PROTOCOL_IPV6, payload: packet }),
    isFromClient,
  );
}

/** GRE (RFC 2784) with key and sequence number (RFC 2890). */
export function gre(
  packet: Uint8Array,
  isFromClient: boolean,
  key: number,
  sequence: number,
): Uint8Array {
  return ethernet(greIp(packet, isFromClient, key, sequence), isFromClient);
}

/** The same as IP packets, the outer one in two fragments: what a tunnel does with packets as large as its own link carries. */
export function greFragments(packet: Uint8Array, isFromClient: boolean, sequence: number) {
  const whole = greIp(packet, isFromClient, 7, sequence, sequence + 1);
  return ipv4Fragments(whole, [
    { start: 0, end: 48 },
    { start: 48, end: whole.length },
  ]);
}

function greIp(
  packet: Uint8Array,
  isFromClient: boolean,
  key: number,
  sequence: number,
  identification = 0,
) {
  const header = new Uint8Array(12);
  header[0] = 0x30;
  setU16(header, 2, isIpv6(packet) ? 0x86dd : 0x0800);
  setU32(header, 4, key);
  setU32(header, 8, sequence);
  const payload = join(header, packet);
  const outer = ends(isFromClient);
  return emitIpv4({ ...outer, protocol: IP_PROTOCOL_GRE, identification, payload });
}
