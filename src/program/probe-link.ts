import { ARP_OPERATION } from "../wire/arp.ts";
import { emitEthernet } from "../wire/ethernet.ts";
import { BROADCAST_MAC, parseMac, ZERO_MAC } from "../wire/mac.ts";
import { emitArpFrame } from "../wire/packet.ts";
import { joinBytes, type ProbeBuilder, type ProbeContext } from "./probe-context.ts";

/** Groups that bridges keep to themselves (IEEE 802.1D): a switch must not pass them on. */
const LLDP_MAC = "01:80:c2:00:00:0e";
const STP_MAC = "01:80:c2:00:00:00";
const SLOW_PROTOCOLS_MAC = "01:80:c2:00:00:02";

const ETHER_TYPE_LLDP = 0x88cc;
const ETHER_TYPE_SLOW = 0x8809;
/** For local experiments (IEEE 802): belongs to no protocol. */
const ETHER_TYPE_EXPERIMENT = 0x88b5;
const ETHER_TYPE_IPV4 = 0x0800;

export const METADATA_ADDRESS = "169.254.169.254";

/** The mark stands in the padding that an ARP packet needs to fill the smallest Ethernet frame. */
function arp(context: ProbeContext, mark: Uint8Array, target: string): Uint8Array {
  const { mac, address } = context;
  const request = emitArpFrame({
    destinationMac: BROADCAST_MAC,
    sourceMac: mac,
    arp: {
      operation: ARP_OPERATION.request,
      senderMac: mac,
      senderAddress: address,
      targetMac: ZERO_MAC,
      targetAddress: target,
    },
  });
  return joinBytes(request, [0, 0], mark);
}

function frame(
  context: ProbeContext,
  destination: string,
  etherType: number,
  payload: Uint8Array,
): Uint8Array {
  return emitEthernet({ destination, source: context.mac, tags: [], etherType, payload });
}

function macBytes(mac: string): Uint8Array {
  return parseMac(mac) ?? new Uint8Array(6);
}

/** IEEE 802.1AB: chassis, port, time to live, an organisation's own, end. */
const lldp: ProbeBuilder = (context, mark) => {
  const mac = macBytes(context.mac);
  const tlv = (type: number, value: Uint8Array) =>
    joinBytes([(type << 1) | (value.length >> 8), value.length & 0xff], value);
  const payload = joinBytes(
    tlv(1, joinBytes([4], mac)),
    tlv(2, joinBytes([3], mac)),
    tlv(3, joinBytes([0, 120])),
    tlv(127, joinBytes([0x02, 0, 0, 1], mark)),
    [0, 0],
  );
  return [frame(context, LLDP_MAC, ETHER_TYPE_LLDP, payload)];
};

/** IEEE 802.1D §9.3.1 behind an LLC header; the mark follows the 38 bytes that the length field counts. */
const stp: ProbeBuilder = (context, mark) => {
  const bridge = joinBytes([0, 0], macBytes(context.mac));
  const bpdu = joinBytes(
    [0x42, 0x42, 0x03],
    [0, 0, 0, 0, 0],
    bridge,
    [0, 0, 0, 0],
    bridge,
    [0x80, 1],
    [0, 0, 20, 0, 2, 0, 15, 0],
  );
  return [frame(context, STP_MAC, bpdu.length, joinBytes(bpdu, mark))];
};

/** IEEE 802.1AX §6.4.2: actor, partner, collector, terminator, 50 reserved bytes. */
const lacp: ProbeBuilder = (context, mark) => {
  const actor = joinBytes([0x80, 0], macBytes(context.mac), [0, 1, 0x80, 0, 0, 1, 0x07, 0, 0, 0]);
  const reserved = new Uint8Array(50);
  reserved.set(mark);
  const payload = joinBytes(
    [1, 1],
    joinBytes([1, 20], actor),
    joinBytes([2, 20], new Uint8Array(18)),
    joinBytes([3, 16], new Uint8Array(14)),
    [0, 0],
    reserved,
  );
  return [frame(context, SLOW_PROTOCOLS_MAC, ETHER_TYPE_SLOW, payload)];
};

export const LINK_PROBES = {
  "arp-gateway": (context, mark) => [arp(context, mark, context.gateway)],
  "arp-outside": (context, mark) => [
    arp(context, mark, context.canary.address),
    arp(context, mark, METADATA_ADDRESS),
  ],
  "arp-gratuitous": (context, mark) => [arp(context, mark, context.address)],
  lldp,
  stp,
  lacp,
  "unknown-ethertype": (context, mark) =>
    [BROADCAST_MAC, context.nextHopMac].map((destination) =>
      frame(context, destination, ETHER_TYPE_EXPERIMENT, joinBytes(mark, new Uint8Array(30))),
    ),
  runt: (context, mark) => [frame(context, context.nextHopMac, ETHER_TYPE_IPV4, mark)],
} satisfies Partial<Record<string, ProbeBuilder>>;
