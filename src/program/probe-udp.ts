import { encode, RECURSION_DESIRED } from "dns-packet";
import { ETHER_TYPE, emitEthernet, type VlanTag } from "../wire/ethernet.ts";
import { IP_PROTOCOL } from "../wire/ip-protocol.ts";
import { BROADCAST_MAC, parseMac } from "../wire/mac.ts";
import { emitUdpFrame, type Route } from "../wire/packet.ts";
import { emitUdp } from "../wire/udp.ts";
import {
  anyPort,
  inSubnet,
  ipFrame,
  joinBytes,
  type ProbeBuilder,
  type ProbeContext,
  routesToCanary,
  routeTo,
} from "./probe-context.ts";
import { METADATA_ADDRESS } from "./probe-link.ts";

const ETHERNET_HEADER_BYTES = 14;
const IPV4_AND_UDP_BYTES = 28;
const DHCP_PORTS = { sourcePort: 68, destinationPort: 67 };
const DNS_PORT = 53;

/** Groups that a guest's own system talks to (mDNS, SSDP), with the MAC addresses that stand for them (RFC 1112 §6.4). */
const GROUPS = [
  { address: "224.0.0.251", mac: "01:00:5e:00:00:fb", port: 5353 },
  { address: "239.255.255.250", mac: "01:00:5e:7f:ff:fa", port: 1900 },
];

/** TEST-NET-2 (RFC 5737): an address that is nobody's. */
const FOREIGN_ADDRESS = "198.51.100.77";

function udp(context: ProbeContext, route: Route, port: number, payload: Uint8Array): Uint8Array {
  const ports = { sourcePort: anyPort(context.random), destinationPort: port };
  return emitUdpFrame({ ...route, udp: ports, payload });
}

function toCanary(context: ProbeContext, payload: Uint8Array): Uint8Array {
  return udp(context, routeTo(context, context.canary.address), context.canary.port, payload);
}

function broadcast(context: ProbeContext, mark: Uint8Array, destination: string): Uint8Array[] {
  const route = { ...routeTo(context, destination), destinationMac: BROADCAST_MAC };
  return [udp(context, route, context.canary.port, mark)];
}

/** The frame to the canary behind these tags. */
function tagged(context: ProbeContext, mark: Uint8Array, vlans: readonly [number, number][]) {
  const plain = toCanary(context, mark);
  const tags: VlanTag[] = vlans.map(([tpid, vlan]) => ({
    ...{ tpid, vlan, priority: 0, dropEligible: false },
  }));
  return [
    emitEthernet({
      destination: context.nextHopMac,
      source: context.mac,
      tags,
      etherType: ETHER_TYPE.ipv4,
      payload: plain.subarray(ETHERNET_HEADER_BYTES),
    }),
  ];
}

/** One datagram cut in two; the mark is in both parts. */
function fragments(context: ProbeContext, mark: Uint8Array): Uint8Array[] {
  // Cut behind the UDP header, the first mark and filling: a multiple of 8.
  const cut = 48;
  const payload = joinBytes(mark, new Uint8Array(cut - 8 - mark.length), mark, mark);
  const ports = { sourcePort: anyPort(context.random), destinationPort: context.canary.port };
  const whole = emitUdp({ ...ports, payload }, context.address, context.canary.address);
  const identification = context.random.int(0, 0xffff);
  const part = (start: number, end: number) =>
    ipFrame(
      context,
      {
        protocol: IP_PROTOCOL.udp,
        identification,
        dontFragment: false,
        moreFragments: end < whole.length,
        fragmentOffset: start,
      },
      whole.subarray(start, end),
    );
  return [part(0, cut), part(cut, whole.length)];
}

/** RFC 2131 §2; the mark is the client identifier (RFC 2132 §9.14). */
const dhcpDiscover: ProbeBuilder = (context, mark) => {
  const message = new Uint8Array(240);
  message.set([1, 1, 6, 0]);
  message.set(context.random.bytes(4), 4);
  message.set([0x80, 0], 10);
  message.set(parseMac(context.mac) ?? [], 28);
  message.set([0x63, 0x82, 0x53, 0x63], 236);
  const options = joinBytes([53, 1, 1], [61, mark.length + 1, 0], mark, [55, 3, 1, 3, 6], [255]);
  const route = { ...routeTo(context, "255.255.255.255"), destinationMac: BROADCAST_MAC };
  const payload = joinBytes(message, options);
  return [emitUdpFrame({ ...route, source: "0.0.0.0", udp: DHCP_PORTS, payload })];
};

/** The mark is in the name that is asked for, so that it is still there when a resolver passes the question on. */
const dnsQuery: ProbeBuilder = (context, mark) => {
  const query = encode({
    type: "query",
    id: context.random.int(0, 0xffff),
    flags: RECURSION_DESIRED,
    questions: [{ type: "A", class: "IN", name: `${Buffer.from(mark).toString("hex")}.invalid` }],
  });
  return [context.gateway, context.canary.address].map((address) =>
    udp(context, routeTo(context, address), DNS_PORT, query),
  );
};

const spoofedMac: ProbeBuilder = (context, mark) => {
  // Locally administered, not a group.
  const other = [0x02, ...context.random.bytes(5)].map((byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  const route = { ...routeTo(context, context.canary.address), sourceMac: other.join(":") };
  return [udp(context, route, context.canary.port, mark)];
};

const spoofedIp: ProbeBuilder = (context, mark) =>
  [FOREIGN_ADDRESS, context.gateway, context.canary.address].map((source) =>
    udp(
      context,
      { ...routeTo(context, context.canary.address), source },
      context.canary.port,
      mark,
    ),
  );

/** Frames of exactly these lengths. */
function ofLengths(context: ProbeContext, mark: Uint8Array, lengths: readonly number[]) {
  return lengths.map((length) => {
    const filling = length - ETHERNET_HEADER_BYTES - IPV4_AND_UDP_BYTES - mark.length;
    return toCanary(context, joinBytes(mark, context.random.bytes(filling)));
  });
}

export const UDP_PROBES = {
  "dhcp-discover": dhcpDiscover,
  "dns-query": dnsQuery,
  multicast: (context, mark) =>
    GROUPS.map(({ address, mac, port }) =>
      udp(context, { ...routeTo(context, address), destinationMac: mac, ttl: 1 }, port, mark),
    ),
  "broadcast-limited": (context, mark) => broadcast(context, mark, "255.255.255.255"),
  "broadcast-directed": (context, mark) => broadcast(context, mark, inSubnet(context.address, 255)),
  vlan: (context, mark) => tagged(context, mark, [[ETHER_TYPE.vlan, 1]]),
  qinq: (context, mark) =>
    tagged(context, mark, [
      [ETHER_TYPE.serviceVlan, 100],
      [ETHER_TYPE.vlan, 1],
    ]),
  "ipv4-fragments": fragments,
  "ipv4-fragments-reversed": (context, mark) => fragments(context, mark).reverse(),
  "spoofed-mac": spoofedMac,
  "spoofed-ip": spoofedIp,
  "udp-canary": (context, mark) =>
    routesToCanary(context).map((route) => udp(context, route, context.canary.port, mark)),
  "udp-neighbour": (context, mark) =>
    [context.gateway, ...context.neighbours].map((address) =>
      udp(context, routeTo(context, address), context.canary.port, mark),
    ),
  "odd-length": (context, mark) => ofLengths(context, mark, [61, 1_001, 1_513, 1_514]),
  metadata: (context, mark) => [udp(context, routeTo(context, METADATA_ADDRESS), 80, mark)],
} satisfies Partial<Record<string, ProbeBuilder>>;
