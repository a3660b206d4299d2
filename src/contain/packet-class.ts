import type { Prerequisite } from "../rule/field.ts";
import { ETH_TYPE, FRAG_WORDS, IP_PROTO } from "../rule/match.ts";
import { bitsNamed } from "./bits.ts";
import { both, either, type Formula, type Literal, literal, TRUE, without } from "./formula.ts";

export type Transport = "tcp" | "udp" | "sctp" | "icmp" | "icmpv6" | "other";

/**
 * A kind of packet: which fields it has. Within a class every combination of its fields' values exists; between them
 * they cover everything that can come in.
 */
export interface PacketClass {
  readonly name: string;
  readonly family: 4 | 6 | "arp" | null;
  readonly transport: Transport | null;
  /** `later`: no ports. */
  readonly fragment: "no" | "first" | "later" | null;
  readonly formula: Formula;
}

const TAG_PRESENT = 12;
const TRANSPORTS: Readonly<Record<Exclude<Transport, "other">, number>> = {
  tcp: IP_PROTO.tcp,
  udp: IP_PROTO.udp,
  sctp: IP_PROTO.sctp,
  icmp: IP_PROTO.icmp,
  icmpv6: IP_PROTO.icmp6,
};
const FRAGMENTS = ["no", "first", "later"] as const;
/** EtherTypes that make a packet of another class. */
const TAKEN = [ETH_TYPE.ipv4, ETH_TYPE.ipv6, ETH_TYPE.arp, ETH_TYPE.rarp];
/** Of a second tag: the first one is there, too. */
const TAGS = [ETH_TYPE.vlan, ETH_TYPE.qinq];
const LENGTHS = 0x05ff;

export const PACKET_CLASSES: readonly PacketClass[] = [
  ...([4, 6] as const).flatMap((family) => ipClasses(family)),
  plain("arp", "arp", set(tagged(), "eth_type", ETH_TYPE.arp)),
  plain("rarp", "arp", set(tagged(), "eth_type", ETH_TYPE.rarp)),
  plain("802.3", null, set(tagged(), "eth_type", LENGTHS)),
  plain("another EtherType", null, otherType()),
];

/** Whether packets of the class have fields with that prerequisite; a VLAN tag any of them may have. */
export function has({ family, transport, fragment }: PacketClass, what: Prerequisite): boolean {
  switch (what) {
    case "none":
    case "vlan":
      return true;
    case "arp":
      return family === "arp";
    case "ipv4":
      return family === 4;
    case "ipv6":
      return family === 6;
    case "ct":
    case "ct_ports":
    case "ip":
      return family === 4 || family === 6;
    case "ct_ipv4":
      return family === 4;
    case "ct_ipv6":
      return family === 6;
    case "icmp6":
    case "nd":
    case "nd_solicit":
    case "nd_advert":
      return transport === "icmpv6" && fragment !== "later";
    default:
      return transport === what && fragment !== "later";
  }
}

function ipClasses(family: 4 | 6): PacketClass[] {
  const transports = ["tcp", "udp", "sctp", family === 4 ? "icmp" : "icmpv6", "other"] as const;
  return transports.flatMap((transport) =>
    FRAGMENTS.map((fragment): PacketClass => {
      let formula = set(tagged(), "eth_type", family === 4 ? ETH_TYPE.ipv4 : ETH_TYPE.ipv6);
      const [, value = 0n] = FRAG_WORDS.find(([word]) => word === fragment) ?? [];
      formula = set(formula, "ip_frag", Number(value));
      if (transport === "other")
        for (const taken of transports)
          if (taken !== "other")
            formula = without(formula, literals("nw_proto", TRANSPORTS[taken])) ?? formula;
      if (transport !== "other") formula = set(formula, "nw_proto", TRANSPORTS[transport]);
      if (fragment === "later") {
        const fields =
          transport === "icmp" || transport === "icmpv6"
            ? [`${transport}_type`, `${transport}_code`]
            : transport === "other"
              ? []
              : [`${transport}_src`, `${transport}_dst`];
        if (transport === "tcp") fields.push("tcp_flags");
        for (const field of fields) formula = set(formula, field, 0);
      }
      const part = fragment === "no" ? "" : `, ${fragment} fragment`;
      return { name: `IPv${family} ${transport}${part}`, family, transport, fragment, formula };
    }),
  );
}

function plain(name: string, family: "arp" | null, formula: Formula): PacketClass {
  return { name, family, transport: null, fragment: null, formula };
}

/** Without a tag all of `vlan_tci` is zero. */
function tagged(): Formula {
  const tci = bitsNamed("vlan_tci");
  const present = literal(tci[TAG_PRESENT] ?? 0, 1);
  return tci.reduce(
    (formula, bit, i) =>
      i === TAG_PRESENT ? formula : either(formula, [present, literal(bit, 0)]),
    TRUE,
  );
}

function otherType(): Formula {
  let formula = tagged();
  for (const type of TAKEN) formula = without(formula, literals("eth_type", type)) ?? formula;
  const present = literal(bitsNamed("vlan_tci")[TAG_PRESENT] ?? 0, 0);
  for (const type of TAGS)
    formula = without(formula, [present, ...literals("eth_type", type)]) ?? formula;
  const bits = bitsNamed("eth_type");
  // At least 0x600: below are lengths (IEEE 802.3).
  const high = bits.slice(11).map((bit) => literal(bit, 1));
  for (const bit of [bits[9], bits[10]]) formula = either(formula, [...high, literal(bit ?? 0, 1)]);
  return formula;
}

function set(formula: Formula, name: string, value: number): Formula {
  return both(formula, literals(name, value)) ?? formula;
}

function literals(name: string, value: number): Literal[] {
  return bitsNamed(name).map((bit, i) => literal(bit, (value >> i) & 1));
}
