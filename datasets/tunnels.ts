import { setU16, setU32 } from "../src/wire/bytes.ts";
import { emitIpv4 } from "../src/wire/ipv4.ts";
import { emitUdp } from "../src/wire/udp.ts";
import { ethernet, isIpv6, join } from "./link-layers.ts";

/*
 * An IP packet inside another one. The outer hosts are two tunnel ends; nobody but the tunnel knows them.
 */

const NEAR_END = "203.0.113.1";
const FAR_END = "203.0.113.2";
const IP_PROTOCOL_IPV6 = 41;
const IP_PROTOCOL_UDP = 17;
const IP_PROTOCOL_GRE = 47;
const VXLAN_PORT = 4789;

function ends(isFromClient: boolean) {
  return isFromClient
    ? { source: NEAR_END, destination: FAR_END }
    : { source: FAR_END, destination: NEAR_END };
}

/** VXLAN (RFC 7348 §5): a whole Ethernet frame in UDP. The source port is a hash of the inner flow, so it differs by direction. */
export function vxlan(packet: Uint8Array, isFromClient: boolean, network: number): Uint8Array {
  const header = new Uint8Array(8);
  header[0] = 0x08;
  setU32(header, 4, network << 8);
  const outer = ends(isFromClient);
  const payload = emitUdp(
    {
      sourcePort: isFromClient ? 51_234 : 58_765,
      destinationPort: VXLAN_PORT,
      payload: join(header, ethernet(packet, isFromClient)),
    },
    outer.source,
    outer.destination,
  );
  return ethernet(emitIpv4({ ...outer, protocol: IP_PROTOCOL_UDP, payload }), isFromClient);
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
  const header = new Uint8Array(12);
  header[0] = 0x30;
  setU16(header, 2, isIpv6(packet) ? 0x86dd : 0x0800);
  setU32(header, 4, key);
  setU32(header, 8, sequence);
  const payload = join(header, packet);
  const outer = ends(isFromClient);
  return ethernet(emitIpv4({ ...outer, protocol: IP_PROTOCOL_GRE, payload }), isFromClient);
}
