import fc from "fast-check";
import { STAMP } from "../../lab/ovs/drafts/steps.ts";

/** What a rule's match begins with: it says which fields there are. */
export const SELECTORS = [
  "",
  "ip",
  "ip",
  "ip",
  "ipv6",
  "tcp",
  "tcp",
  "udp",
  "icmp",
  "arp",
  "tcp6",
  "udp6",
  "icmp6",
] as const;
export type L3 = (typeof SELECTORS)[number];

const isV4 = (l3: L3) => l3 === "ip" || l3 === "tcp" || l3 === "udp" || l3 === "icmp";
const isV6 = (l3: L3) => l3 === "ipv6" || l3 === "tcp6" || l3 === "udp6" || l3 === "icmp6";
const isIp = (l3: L3) => isV4(l3) || isV6(l3);
const hasPorts = (l3: L3) => /^(?:tcp|udp)/.test(l3);
const isTcp = (l3: L3) => l3.startsWith("tcp");

const STATES = ["new", "est", "rel", "rpl", "inv", "snat", "dnat"];

const ctState = fc.oneof(
  fc.constantFrom(
    "+trk",
    "-trk",
    "+trk+new",
    "+trk+est",
    "+trk+est+rpl",
    "+trk+est-rpl",
    "+trk+inv",
    "+trk-inv",
    "+trk-new",
    "+trk+rel",
    "+trk+new-rpl",
    "+new",
    "+rpl",
  ),
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...STATES), fc.constantFrom("+", "-")), {
      minLength: 1,
      maxLength: 3,
      selector: ([name]) => name,
    })
    .map((list) => `+trk${list.map(([name, sign]) => sign + name).join("")}`),
);

function one(...values: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...values);
}

/** Matches besides the selector; none twice. */
export function matchExtras(l3: L3): fc.Arbitrary<readonly string[]> {
  const kinds: fc.Arbitrary<string>[] = [
    one("in_port=1", "in_port=2", "in_port=3"),
    one("in_port=1", "in_port=2"),
    one("reg0=0", "reg0=1", "reg0=0x1/0x1", "reg0=7"),
    one("reg1=0/0xff", "reg1=2"),
    one("metadata=0", "metadata=5/0xf"),
    ctState.map((state) => `ct_state=${state}`),
    ctState.map((state) => `ct_state=${state}`),
    one("ct_zone=0", "ct_zone=1", "ct_zone=2"),
    one("ct_mark=0", "ct_mark=8", "ct_mark=0x1/0x1", "ct_mark=0/0xff"),
    one("ct_label=0", "ct_label=0x77", "ct_label=0x1/0x1", "ct_label=0x1ffffffff"),
    one(
      "vlan_tci=0",
      "vlan_tci=0x1000/0x1000",
      "vlan_tci=0x0/0x1000",
      "dl_vlan=7",
      "dl_vlan_pcp=3",
    ),
    one("dl_src=50:54:00:00:00:01", "dl_src=50:54:00:00:00:00/ff:ff:00:00:00:00"),
    one("dl_dst=50:54:00:00:00:02", "dl_dst=00:00:00:00:00:01/00:00:00:00:00:01"),
  ];
  if (isV4(l3)) {
    kinds.push(
      one("nw_src=10.1.1.1", "nw_src=10.1.1.0/24", "nw_src=10.1.1.9", "nw_src=0.0.0.2/0.0.0.2"),
      one("nw_dst=10.1.1.2", "nw_dst=10.1.1.9", "nw_dst=10.1.1.1/255.255.255.253"),
      one("ct_state=+trk-inv,ct_nw_src=10.1.1.1", "ct_state=+trk-inv,ct_nw_src=10.1.1.0/28"),
      one("ct_state=+trk-inv,ct_nw_dst=10.1.1.2", "ct_state=+trk-inv,ct_nw_dst=10.1.1.9"),
      one(
        "ct_state=+trk-inv,ct_nw_proto=6",
        "ct_state=+trk-inv,ct_nw_proto=17",
        "ct_state=+trk-inv,ct_nw_proto=1",
      ),
    );
  }
  if (isV6(l3)) {
    kinds.push(
      one("ipv6_src=fd00::1", "ipv6_src=fd00::/64", "ipv6_src=::1/::1"),
      one("ipv6_dst=fd00::2", "ipv6_dst=fd00::9"),
      one("ct_state=+trk-inv,ct_ipv6_src=fd00::1"),
    );
  }
  if (isIp(l3)) {
    kinds.push(
      one("nw_ttl=64", "nw_ttl=1", "nw_ttl=63"),
      one("nw_tos=0", "nw_tos=16", "nw_ecn=1", "ip_dscp=4"),
      one("ip_frag=no", "ip_frag=yes", "ip_frag=first", "ip_frag=later", "ip_frag=not_later"),
    );
  }
  if (hasPorts(l3)) {
    kinds.push(
      one("tp_src=40000", "tp_src=5000", "tp_src=0x9c00/0xff00", "tp_src=53", "tp_src=0"),
      one("tp_dst=80", "tp_dst=53", "tp_dst=8080", "tp_dst=0/1"),
    );
  }
  if (isTcp(l3))
    kinds.push(one("tcp_flags=+syn-ack", "tcp_flags=+ack", "tcp_flags=+fin", "tcp_flags=+rst-ack"));
  if (l3 === "icmp") kinds.push(one("icmp_type=8", "icmp_type=0", "icmp_type=3,icmp_code=3"));
  if (l3 === "icmp6") kinds.push(one("icmp_type=128", "icmp_type=1", "icmp_type=135"));
  if (l3 === "arp")
    kinds.push(
      one("arp_op=1", "arp_op=2"),
      one("arp_spa=10.1.1.1"),
      one("arp_tha=00:00:00:00:00:00"),
    );
  return fc.uniqueArray(fc.oneof(...kinds), {
    minLength: 0,
    maxLength: 3,
    selector: fieldOf,
  });
}

/** All that match a tag count as one. */
function fieldOf(text: string): string {
  const name = text.slice(0, text.indexOf("="));
  return /vlan/.test(name) ? "vlan" : /tos|dscp/.test(name) ? "tos" : name;
}

const NATS_V4 = [
  "nat",
  "nat",
  "nat(src=10.1.1.9)",
  "nat(src=10.1.1.9:6000)",
  "nat(src=10.1.1.2)",
  "nat(dst=10.1.1.2)",
  "nat(dst=10.1.1.2:8080)",
  "nat(dst=10.1.1.3)",
];
const NATS_V6 = ["nat", "nat(src=fd00::9)", "nat(dst=fd00::2)", "nat(dst=[fd00::2]:8080)"];

const exec = ({ patient }: ActionChoice) =>
  fc
    .array(
      one(
        "set_field:0x8->ct_mark",
        "set_field:0x1/0x1->ct_mark",
        "load:5->NXM_NX_CT_MARK[4..7]",
        "load:0x77->NXM_NX_CT_LABEL[]",
        "set_field:0x1ffffffff->ct_label",
        "load:1->NXM_NX_CT_LABEL[64..95]",
        "move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]",
        // To Open vSwitch the mark has no say then: a cached flow goes on with that of the packet which it was made for.
        ...(patient ? ["move:NXM_NX_CT_MARK[0..7]->NXM_NX_CT_LABEL[8..15]"] : []),
      ),
      { minLength: 1, maxLength: 2 },
    )
    .map((list) => `exec(${list.join(",")})`);

const maybe = (arbitrary: fc.Arbitrary<string>, weight = 1) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant("") }, { weight, arbitrary });

/** What the rules of a set have in common. */
export interface ActionChoice {
  /** `learn` and `normal`: the switch must then forget its caches after each packet. */
  readonly changing: boolean;
  /** Rules translate, or force a commit. Open vSwitch 3.1 does not outlive both for long. */
  readonly translating: boolean;
  /** Packets in pieces; then only the usual pipelines. What a list does with the pieces after two `ct` is not known. */
  readonly fragments: boolean;
  /** The caches are emptied after each packet. */
  readonly patient: boolean;
}

function ct(l3: L3, table: number, choice: ActionChoice): fc.Arbitrary<string> {
  const { translating } = choice;
  const nats = !translating ? ["nat"] : isV4(l3) ? NATS_V4 : NATS_V6;
  // Not to the same table again: lists that multiply at each of six recirculations cost more than they show.
  const later = LATER(table).map((t) => `table=${t}`);
  const next = later.length === 0 ? fc.constant("") : one(...later);
  return fc
    .record({
      mode: one("", "", "commit", "commit", translating ? "commit" : "commit,force"),
      zone: one("", "zone=1", "zone=1", "zone=2", "zone=NXM_NX_REG0[0..15]"),
      table: maybe(next, 5),
      nat: maybe(one(...nats), 2),
      exec: maybe(exec(choice)),
    })
    .map((part) => {
      const commits = part.mode !== "";
      const asked = part.nat === "" ? "" : "nat";
      const nat = commits ? (translating ? part.nat : "") : asked;
      const list = [part.mode, part.zone, part.table, nat, commits ? part.exec : ""];
      return `ct(${list.filter((text) => text !== "").join(",")})`;
    });
}

const TABLE_BEFORE_LAST = 2;
const LATER = (table: number) => [1, 2, 3].filter((t) => t > table);

const writes = (l3: L3): string[] => [
  "set_field:50:54:00:00:00:0a->eth_src",
  "set_field:50:54:00:00:00:0b->eth_dst",
  "mod_dl_src:00:00:00:00:00:00",
  "load:1->NXM_NX_REG0[]",
  "load:7->NXM_NX_REG0[]",
  "load:2->NXM_NX_REG1[]",
  "set_field:5->metadata",
  "set_field:0x1/0x3->reg0",
  "move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15]",
  "move:NXM_NX_CT_MARK[]->NXM_NX_REG1[]",
  "move:NXM_OF_ETH_SRC[0..15]->NXM_OF_ETH_DST[16..31]",
  "move:NXM_NX_CT_LABEL[0..31]->NXM_NX_REG2[]",
  "push:NXM_NX_REG0[],pop:NXM_NX_REG1[]",
  "load:2->NXM_OF_IN_PORT[]",
  "load:0->NXM_OF_IN_PORT[]",
  "push_vlan:0x8100,set_field:4107->vlan_vid",
  "push_vlan:0x8100,pop_vlan",
  "mod_vlan_vid:11",
  "mod_vlan_pcp:5",
  "ct_clear",
  "note:00.ff",
  ...(isV4(l3)
    ? [
        "set_field:10.1.1.7->ip_src",
        "mod_nw_dst:10.1.1.2",
        "mod_nw_dst:10.1.1.3",
        "move:NXM_OF_IP_SRC[]->NXM_OF_IP_DST[]",
        "load:9->NXM_OF_IP_DST[0..7]",
        "move:NXM_NX_CT_NW_SRC[]->NXM_NX_REG3[]",
      ]
    : []),
  ...(isV6(l3)
    ? [
        "set_field:fd00::7->ipv6_src",
        "set_field:fd00::2->ipv6_dst",
        "load:9->NXM_NX_IPV6_DST[0..15]",
      ]
    : []),
  ...(isIp(l3) ? ["dec_ttl", "dec_ttl", "mod_nw_ttl:9", "mod_nw_tos:32", "mod_nw_ecn:2"] : []),
  ...(hasPorts(l3)
    ? [
        `set_field:8080->${l3.slice(0, 3)}_dst`,
        "mod_tp_src:41000",
        "mod_tp_dst:80",
        `move:NXM_OF_${l3.slice(0, 3).toUpperCase()}_SRC[]->NXM_NX_REG2[0..15]`,
      ]
    : []),
  ...(l3 === "icmp" ? ["set_field:0->icmp_type", "set_field:1->icmp_code"] : []),
  ...(l3 === "arp"
    ? [
        "set_field:2->arp_op",
        "set_field:10.1.1.9->arp_spa",
        "move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]",
        "move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[]",
      ]
    : []),
];

const OUTPUTS = ["output:1", "output:2", "output:2", "output:3", "output:4", "in_port", "LOCAL"];

/** What only takes effect from the next packet on. */
const CHANGING = [
  "normal",
  "flood",
  "learn(table=3,priority=100,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG1[0..15],output:NXM_OF_IN_PORT[])",
  "learn(table=2,priority=101,NXM_OF_IN_PORT[],load:1->NXM_NX_REG0[])",
];

function action(l3: L3, table: number, choice: ActionChoice, depth: number): fc.Arbitrary<string> {
  const later = LATER(table);
  const choices = [
    { weight: 6, arbitrary: one(...OUTPUTS) },
    { weight: 2, arbitrary: fc.constant(STAMP) },
    { weight: 6, arbitrary: one(...writes(l3)) },
    {
      weight: 1,
      arbitrary: one("output:NXM_NX_REG0[]", "output:NXM_NX_REG1[0..15]", "exit", "all"),
    },
    {
      weight: 1,
      arbitrary: one("group:1", "group:2", "group:3", ...(choice.patient ? ["group:4"] : [])),
    },
  ];
  if (isIp(l3)) choices.push({ weight: 8, arbitrary: ct(l3, table, choice) });
  if (later.length > 0)
    choices.push({ weight: 3, arbitrary: one(...later.map((t) => `resubmit(,${t})`)) });
  if (later.length > 0) choices.push({ weight: 1, arbitrary: one(`resubmit(2,${later[0]})`) });
  if (choice.changing) choices.push({ weight: 8, arbitrary: one(...CHANGING) });
  if (depth === 0) {
    const inner = fc.array(action(l3, table, { ...choice, changing: false }, 1), {
      minLength: 1,
      maxLength: 3,
    });
    choices.push({ weight: 2, arbitrary: inner.map((list) => `clone(${list.join(",")})`) });
  }
  return fc.oneof(...choices);
}

/** A list of actions; what ends a list stands last. */
export function actions(
  l3: L3,
  table: number,
  choice: ActionChoice,
): fc.Arbitrary<readonly string[]> {
  const later = LATER(table);
  const last = [
    { weight: 4, arbitrary: one(...OUTPUTS) },
    ...(later.length > 0
      ? [
          { weight: 3, arbitrary: one(...later.map((t) => `goto_table:${t}`)) },
          { weight: 2, arbitrary: one(...later.map((t) => `resubmit(,${t})`)) },
        ]
      : []),
    // Not before a `ct` that goes on in another table: Open vSwitch 3.1 ends where an action set is to go along.
    ...(table === TABLE_BEFORE_LAST
      ? [{ weight: 1, arbitrary: fc.constant("write_actions(output:2),goto_table:3") }]
      : []),
  ];
  return fc
    .tuple(
      fc.array(action(l3, table, choice, 0), { minLength: 0, maxLength: 4 }),
      fc.option(fc.oneof(...last), { freq: 5 }),
    )
    .map(([list, end]) => (end === null ? list : [...list, end]));
}
