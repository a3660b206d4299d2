import { ICMP_TYPE, UNREACHABLE_CODE } from "../wire/icmp.ts";
import { emitLinkAddressOption, ICMPV6_TYPE, LINK_ADDRESS_OPTION } from "../wire/icmpv6.ts";
import { IP_PROTOCOL } from "../wire/ip-protocol.ts";
import { emitIpv4 } from "../wire/ipv4.ts";
import { parseMac } from "../wire/mac.ts";
import { emitIcmpFrame, emitIcmpv6Frame, emitUdpFrame, type Route } from "../wire/packet.ts";
import { emitUdp } from "../wire/udp.ts";
import { crc32c } from "./crc32c.ts";
import {
  anyPort,
  ipFrame,
  joinBytes,
  type ProbeBuilder,
  type ProbeContext,
  routesToCanary,
  routeTo,
} from "./probe-context.ts";

const PROTOCOL_GRE = 47;
const PROTOCOL_ESP = 50;
const PROTOCOL_SCTP = 132;

/** Documentation prefix (RFC 3849): an address outside that is nobody's. */
const GLOBAL_ADDRESS = "2001:db8::1";
const ALL_NODES = { address: "ff02::1", mac: "33:33:00:00:00:01" };
const ALL_ROUTERS = { address: "ff02::2", mac: "33:33:00:00:00:02" };
/** The solicited-node group of fe80::1, a usual gateway (RFC 4291 §2.7.1). */
const SOLICITED = { address: "ff02::1:ff00:1", mac: "33:33:ff:00:00:01", target: "fe80::1" };

/** The link-local address that a MAC address gives (RFC 4291, appendix A). */
function linkLocal(mac: string): string {
  const m = parseMac(mac) ?? new Uint8Array(6);
  const bytes = [m[0]! ^ 2, m[1]!, m[2]!, 0xff, 0xfe, m[3]!, m[4]!, m[5]!];
  const group = (i: number) => ((bytes[i]! << 8) | bytes[i + 1]!).toString(16);
  return `fe80::${group(0)}:${group(2)}:${group(4)}:${group(6)}`;
}

function ipv6Route(
  context: ProbeContext,
  to: { address: string; mac: string },
  ttl: number,
): Route {
  return {
    destinationMac: to.mac,
    sourceMac: context.mac,
    source: linkLocal(context.mac),
    destination: to.address,
    ttl,
  };
}

/** The own MAC address, and the mark as a nonce (RFC 3971 §5.3.2), which is padded to a multiple of 8 bytes. */
function discoveryOptions(context: ProbeContext, mark: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(24);
  nonce.set([14, 3]);
  nonce.set(mark, 2);
  return joinBytes(emitLinkAddressOption(LINK_ADDRESS_OPTION.source, context.mac), nonce);
}

const neighbourSolicitation: ProbeBuilder = (context, mark) => [
  emitIcmpv6Frame({
    ...ipv6Route(context, SOLICITED, 255),
    icmpv6: {
      kind: "neighbour",
      type: ICMPV6_TYPE.neighbourSolicitation,
      code: 0,
      flags: 0,
      target: SOLICITED.target,
      payload: discoveryOptions(context, mark),
    },
  }),
];

const routerSolicitation: ProbeBuilder = (context, mark) => [
  emitIcmpv6Frame({
    ...ipv6Route(context, ALL_ROUTERS, 255),
    icmpv6: {
      kind: "other",
      type: ICMPV6_TYPE.routerSolicitation,
      code: 0,
      rest: 0,
      payload: discoveryOptions(context, mark),
    },
  }),
];

const ipv6Udp: ProbeBuilder = (context, mark) =>
  [ALL_NODES, { address: GLOBAL_ADDRESS, mac: context.nextHopMac }].map((to) =>
    emitUdpFrame({
      ...ipv6Route(context, to, 64),
      udp: { sourcePort: anyPort(context.random), destinationPort: context.canary.port },
      payload: mark,
    }),
  );

const icmpEcho: ProbeBuilder = (context, mark) =>
  routesToCanary(context).map((route) =>
    emitIcmpFrame({
      ...route,
      icmp: {
        kind: "echo",
        type: ICMP_TYPE.echoRequest,
        code: 0,
        identifier: context.random.int(0, 0xffff),
        sequence: 1,
        payload: joinBytes(mark, new Uint8Array(40)),
      },
    }),
  );

/** Errors about a datagram that the canary might have sent; they quote it as far as the mark (RFC 1812 §4.3.2.3). */
const icmpError: ProbeBuilder = (context, mark) => {
  const { canary, address, random } = context;
  const ports = { sourcePort: canary.port, destinationPort: anyPort(random) };
  const quoted = emitIpv4({
    source: canary.address,
    destination: address,
    protocol: IP_PROTOCOL.udp,
    payload: emitUdp({ ...ports, payload: mark }, canary.address, address),
  });
  return [
    { type: ICMP_TYPE.destinationUnreachable, code: UNREACHABLE_CODE.port },
    { type: ICMP_TYPE.timeExceeded, code: 0 },
  ].map((error) =>
    emitIcmpFrame({
      ...routeTo(context, canary.address),
      icmp: { kind: "error", ...error, rest: 0, payload: quoted },
    }),
  );
};

/** RFC 2784: a header without options, then an IPv4 packet. */
const gre: ProbeBuilder = (context, mark) => {
  const { canary, address, random } = context;
  const ports = { sourcePort: anyPort(random), destinationPort: canary.port };
  const inner = emitIpv4({
    source: address,
    destination: canary.address,
    protocol: IP_PROTOCOL.udp,
    payload: emitUdp({ ...ports, payload: mark }, address, canary.address),
  });
  return [ipFrame(context, { protocol: PROTOCOL_GRE }, joinBytes([0, 0, 0x08, 0], inner))];
};

/** RFC 9260 §3.3.2: INIT with a parameter that receivers skip (its highest bit is set) and that holds the mark. */
const sctp: ProbeBuilder = (context, mark) => {
  const { random, canary } = context;
  const port = (value: number) => [value >>> 8, value & 0xff];
  const chunkBytes = 20 + 4 + mark.length;
  const packet = joinBytes(
    [...port(anyPort(random)), ...port(canary.port), 0, 0, 0, 0, 0, 0, 0, 0],
    [1, 0, 0, chunkBytes],
    random.bytes(4),
    [0, 1, 0, 0, 0, 10, 0, 10],
    random.bytes(4),
    [0x80, 0xff, 0, 4 + mark.length],
    mark,
  );
  // The checksum is written with its lowest byte first (RFC 9260 appendix A).
  const checksum = crc32c(packet);
  packet.set([checksum, checksum >>> 8, checksum >>> 16, checksum >>> 24], 8);
  return [ipFrame(context, { protocol: PROTOCOL_SCTP }, packet)];
};

/** RFC 4303 §2: index, sequence number, then what would be encrypted. */
const esp: ProbeBuilder = (context, mark) => {
  const payload = joinBytes(context.random.bytes(4), [0, 0, 0, 1], mark, context.random.bytes(32));
  return [ipFrame(context, { protocol: PROTOCOL_ESP }, payload)];
};

export const IP_PROBES = {
  "neighbour-solicitation": neighbourSolicitation,
  "router-solicitation": routerSolicitation,
  "ipv6-udp": ipv6Udp,
  "icmp-echo": icmpEcho,
  "icmp-error": icmpError,
  gre,
  sctp,
  esp,
} satisfies Partial<Record<string, ProbeBuilder>>;
