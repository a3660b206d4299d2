import type { Icmp } from "../wire/icmp.ts";
import { parseQuoted } from "../wire/icmp.ts";
import type { Icmpv6 } from "../wire/icmpv6.ts";
import { isMalformed } from "../wire/malformed.ts";
import { type ParsedFrame, parseFrame, wrongChecksum } from "../wire/packet.ts";
import { TCP_FLAG } from "../wire/tcp.ts";

/** A field of a frame in words: `ipv4 source`, `10.0.0.1`. */
export type NamedField = readonly [name: string, value: string];

/** Every field of a frame that the codecs know, in the frame's order; what is not known is in `payload`. */
export function frameFields(bytes: Uint8Array): NamedField[] {
  const frame = parseFrame(bytes);
  if (isMalformed(frame)) return [["malformed", frame.malformed]];
  const fields: NamedField[] = [
    ["eth destination", frame.ethernet.destination],
    ["eth source", frame.ethernet.source],
    ...frame.ethernet.tags.flatMap((tag, i): NamedField[] => [
      [`vlan[${i}] tpid`, hex(tag.tpid, 4)],
      [`vlan[${i}] id`, String(tag.vlan)],
      [`vlan[${i}] priority`, String(tag.priority)],
      [`vlan[${i}] drop eligible`, String(tag.dropEligible)],
    ]),
    ["eth type", hex(frame.ethernet.etherType, 4)],
    ...networkFields(frame),
    ...transportFields(frame),
  ];
  if (frame.broken !== undefined) fields.push(["broken", frame.broken]);
  const checksum = wrongChecksum(bytes, frame);
  fields.push(["checksums", checksum === undefined ? "right" : `${checksum} is wrong`]);
  fields.push(["payload", toHex(frame.payload)]);
  fields.push(["length", String(bytes.length)]);
  return fields;
}

/** A frame in one line: protocol, ends and flags. */
export function frameSummary(bytes: Uint8Array): string {
  const frame = parseFrame(bytes);
  if (isMalformed(frame)) return frame.malformed;
  const { arp, tcp, udp, icmp, icmpv6 } = frame;
  if (arp !== undefined) {
    return `ARP ${arp.operation === 1 ? "request" : "reply"} ${arp.senderAddress} > ${arp.targetAddress}`;
  }
  const ip = frame.ipv4 ?? frame.ipv6;
  if (ip === undefined) {
    const { source, destination, etherType } = frame.ethernet;
    return `${source} > ${destination} type ${hex(etherType, 4)}`;
  }
  const ports = tcp ?? udp;
  const end = (address: string, port: number | undefined) =>
    port === undefined ? address : `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const ends = `${end(ip.source, ports?.sourcePort)} > ${end(ip.destination, ports?.destinationPort)}`;
  if (tcp !== undefined) {
    return `TCP ${ends} ${flagWords(tcp.flags)} seq ${tcp.sequence} ack ${tcp.acknowledgement}`;
  }
  if (udp !== undefined) return `UDP ${ends}`;
  const message = icmp ?? icmpv6;
  if (message !== undefined) {
    return `${icmp === undefined ? "ICMPv6" : "ICMP"} ${ends} type ${message.type} code ${message.code}`;
  }
  return `IP protocol ${frame.protocol} ${ends}`;
}

function networkFields({ arp, ipv4, ipv6, ipv6Fragment }: ParsedFrame): NamedField[] {
  if (arp !== undefined) {
    return [
      ["arp operation", String(arp.operation)],
      ["arp sender mac", arp.senderMac],
      ["arp sender address", arp.senderAddress],
      ["arp target mac", arp.targetMac],
      ["arp target address", arp.targetAddress],
    ];
  }
  if (ipv4 !== undefined) {
    return [
      ["ipv4 source", ipv4.source],
      ["ipv4 destination", ipv4.destination],
      ["ipv4 protocol", String(ipv4.protocol)],
      ["ipv4 ttl", String(ipv4.ttl)],
      ["ipv4 identification", String(ipv4.identification)],
      ["ipv4 don't fragment", String(ipv4.dontFragment)],
      ["ipv4 more fragments", String(ipv4.moreFragments)],
      ["ipv4 fragment offset", String(ipv4.fragmentOffset)],
      ["ipv4 dscp", String(ipv4.dscp)],
      ["ipv4 ecn", String(ipv4.ecn)],
      ["ipv4 options", toHex(ipv4.options)],
      ["ipv4 total length", String(ipv4.totalLength)],
    ];
  }
  if (ipv6 === undefined) return [];
  return [
    ["ipv6 source", ipv6.source],
    ["ipv6 destination", ipv6.destination],
    ["ipv6 next header", String(ipv6.nextHeader)],
    ["ipv6 hop limit", String(ipv6.hopLimit)],
    ["ipv6 traffic class", String(ipv6.trafficClass)],
    ["ipv6 flow label", String(ipv6.flowLabel)],
    ["ipv6 payload length", String(ipv6.payloadLength)],
    ...(ipv6Fragment === undefined
      ? []
      : ([
          ["ipv6 fragment identification", String(ipv6Fragment.identification)],
          ["ipv6 fragment offset", String(ipv6Fragment.offset)],
          ["ipv6 fragment more", String(ipv6Fragment.more)],
        ] as const)),
  ];
}

function transportFields({ tcp, udp, icmp, icmpv6 }: ParsedFrame): NamedField[] {
  if (tcp !== undefined) {
    return [
      ["tcp source port", String(tcp.sourcePort)],
      ["tcp destination port", String(tcp.destinationPort)],
      ["tcp sequence", String(tcp.sequence)],
      ["tcp acknowledgement", String(tcp.acknowledgement)],
      ["tcp flags", flagWords(tcp.flags)],
      ["tcp window", String(tcp.window)],
      ["tcp urgent pointer", String(tcp.urgentPointer)],
      ["tcp options", toHex(tcp.options)],
    ];
  }
  if (udp !== undefined) {
    return [
      ["udp source port", String(udp.sourcePort)],
      ["udp destination port", String(udp.destinationPort)],
    ];
  }
  if (icmp !== undefined) return icmpFields("icmp", icmp);
  return icmpv6 === undefined ? [] : icmpFields("icmpv6", icmpv6);
}

function icmpFields(layer: string, message: Icmp | Icmpv6): NamedField[] {
  const fields: NamedField[] = [
    [`${layer} type`, String(message.type)],
    [`${layer} code`, String(message.code)],
  ];
  switch (message.kind) {
    case "echo":
      fields.push([`${layer} identifier`, String(message.identifier)]);
      fields.push([`${layer} sequence`, String(message.sequence)]);
      break;
    case "neighbour":
      fields.push([`${layer} flags`, hex(message.flags >>> 0, 8)]);
      fields.push([`${layer} target`, message.target]);
      break;
    default:
      fields.push([`${layer} rest`, hex(message.rest >>> 0, 8)]);
  }
  if (layer === "icmp" && message.kind === "error") {
    const quoted = parseQuoted(message.payload);
    if (!isMalformed(quoted)) fields.push(["icmp quoted packet", JSON.stringify(quoted)]);
  }
  return fields;
}

function flagWords(flags: number): string {
  const words = Object.entries(TCP_FLAG)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([word]) => word);
  return words.length === 0 ? "none" : words.join("+");
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}
