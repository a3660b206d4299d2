import test from "ava";
import fc from "fast-check";
import { prove } from "../../src/contain/exact.ts";
import { portsIn } from "../../src/contain/port-names.ts";
import { staticFindings } from "../../src/contain/static.ts";
import { isolationRules } from "../../src/isolate/isolation-rules.ts";
import { natDoors, natEgress, natRules } from "../../src/isolate/nat-rules.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { PORT } from "../../src/rule/port.ts";
import { buildPacket } from "../../src/trace/build-packet.ts";
import { Conversations } from "../../src/trace/conversation.ts";
import { parsePacket } from "../../src/trace/packet-text.ts";
import { confirmOnSwitch } from "./confirm.ts";

const CONTROLLER = PORT.controller;
const DROPS = "table=0,priority=0,actions=drop\ntable=1,priority=0,actions=drop\n";

function check(text: string, egress: readonly (readonly [number, readonly number[]])[]) {
  const rules = parseRules(text);
  const allowed = new Map(egress.map(([from, to]) => [from, new Set(to)]));
  const ports = [...new Set([...portsIn(rules), ...allowed.keys()])];
  return {
    findings: staticFindings(rules, ports, allowed),
    proof: prove(rules, ports, allowed, confirmOnSwitch(rules, ports)),
  };
}

const station = (port: number) => ({
  port,
  mac: `02:00:00:00:00:0${port}`,
  address: `10.20.0.${port}`,
  servers: [{ address: "203.0.113.7", port: 80 }],
});
const ISOLATION = isolationRules({
  gatewayMac: "02:00:00:00:00:fe",
  gatewayAddress: "10.20.0.1",
  stations: [station(3), station(4)],
});
const NAT = {
  gatewayMac: "02:00:00:00:00:fe",
  gatewayAddress: "10.20.0.1",
  stations: [3, 4].map((port) => ({
    ...station(port),
    servers: [{ address: "203.0.113.7", port: 80, playedAt: 8000 + port }],
  })),
  responder: { port: 9, mac: "02:00:00:00:00:09", address: "10.20.0.9" },
};
const TO_REPLAYER = [
  [3, [CONTROLLER]],
  [4, [CONTROLLER]],
  [CONTROLLER, [3, 4]],
] as const;

test("the isolation's rules are contained, for every packet and every history", (t) => {
  const { findings, proof } = check(ISOLATION, TO_REPLAYER);
  t.deepEqual(findings, []);
  t.is(proof.outcome, "contained");
});

test("the rules with a responder behind NAT are contained, for every packet and every history", (t) => {
  const { findings, proof } = check(natRules(NAT), toResponder());
  t.deepEqual(findings, []);
  t.is(proof.outcome, "contained");
});

test("so are those that spread connections over a pool of addresses", (t) => {
  const pooled = natRules({ ...NAT, responder: { ...NAT.responder, pool: "10.30.0.0/24" } });
  const { findings, proof } = check(pooled, toResponder());
  t.deepEqual(findings, []);
  t.is(proof.outcome, "contained");
});

test("without their guard the static check tells of each guest's untranslated packets", (t) => {
  const unguarded = natRules(NAT).replaceAll(/nw_dst=10\.20\.0\.9,tp_dst=\d+,(?=actions=set)/g, "");
  const { findings } = check(unguarded, toResponder());
  t.deepEqual(
    findings.map(({ kind, from, to }) => [kind, from, to]),
    [
      ["untranslated", 3, 9],
      ["untranslated", 4, 9],
    ],
  );
});

const unguarded = test.macro({
  title: (_, what) => `told as unguarded: ${what}`,
  exec: (t, _what: string, pattern: RegExp, instead: string, from: readonly number[]) => {
    const text = natRules(NAT).replaceAll(pattern, instead);
    const findings = staticFindings(parseRules(text), [3, 4, 9], natEgress(NAT), natDoors(NAT));
    const found = findings.filter(({ kind }) => kind === "unguarded");
    t.deepEqual([...new Set(found.map((finding) => finding.from))], from);
  },
});

test("whatever guests and servers there are, their responder's rules are never called unguarded", (t) => {
  const servers = fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
  const guests = fc.array(servers, { maxLength: 4 });
  const pool = fc.constantFrom({}, { pool: "10.30.0.0/24" });
  fc.assert(
    fc.property(guests, pool, (of, addresses) => {
      const stations = of.map((hosts, i) => ({
        ...station(i + 1),
        servers: hosts.map((n, j) => ({
          ...{ address: `203.0.113.${n}`, port: 80 + n },
          playedAt: 8_000 + 10 * i + j,
        })),
      }));
      const network = { ...NAT, stations, responder: { ...NAT.responder, ...addresses } };
      const ports = [1, 2, 3, 4, NAT.responder.port];
      const rules = parseRules(natRules(network));
      t.deepEqual(staticFindings(rules, ports, natEgress(network), natDoors(network)), []);
    }),
    { numRuns: 50 },
  );
});

const guestsPort = /(?<=in_port=[34],)ct_state=\+trk-inv-rpl,/g;
test(unguarded, "any address", /nw_dst=10\.20\.0\.9,(?=tp_dst=\d+,actions=set)/g, "", [3, 4]);
test(unguarded, "any port", /,tp_dst=\d+(?=,actions=set)/g, "", [3, 4]);
test(unguarded, "whatever conntrack says", guestsPort, "", [3, 4]);
test(unguarded, "answers in any name", /nw_src=203\.0\.113\.7,(?=tp_src=80)/g, "", [9]);
test(unguarded, "answers to anybody", /(?<=tp_src=80),nw_dst=10\.20\.0\.\d/g, "", [9]);
const entrance = /actions=ct\(zone=2,nat,table=1\)/g;
test(unguarded, "what table 0 sends", entrance, "actions=output:9", [3, 4]);
test(unguarded, "what was never in ct(nat)", /nat,(?=table=1)/g, "", [3, 4, 9]);

function toResponder() {
  return [...natEgress(NAT)].map(([from, to]) => [from, [...to]] as const);
}

test("each way out of changed rules is found, and shown with packets", (t) => {
  const changed = ISOLATION.replaceAll("output:CONTROLLER", "output:CONTROLLER,output:2");
  const { findings, proof } = check(changed, TO_REPLAYER);
  t.deepEqual(
    findings.filter(({ kind }) => kind === "way out").map(({ from, to }) => [from, to]),
    [
      [3, 2],
      [4, 2],
    ],
  );
  t.deepEqual(
    proof.waysOut.map(({ from, to }) => [from, to]),
    [
      [3, 2],
      [4, 2],
    ],
  );
});

test("a way that only looks like one is no way out when it is proved", (t) => {
  const shadowed =
    `${DROPS}table=0,priority=10,udp,in_port=3,actions=drop\n` +
    "table=0,priority=5,udp,in_port=3,tp_dst=53,actions=output:2\n";
  const { findings, proof } = check(shadowed, []);
  t.is(findings.length, 1);
  t.is(proof.outcome, "contained");
});

test("a way out for what is established is shown with the packets that make it so", (t) => {
  const { proof } = check(
    `${DROPS}table=0,priority=9,ip,actions=ct(table=1,zone=1)\n` +
      "table=1,priority=9,ip,in_port=3,ct_state=+trk+new,actions=ct(commit,zone=1),output:4\n" +
      "table=1,priority=7,in_port=3,ct_state=+trk+est,actions=output:2\n",
    [[3, [4]]],
  );
  const [way] = proof.waysOut;
  t.deepEqual([way?.from, way?.to, way?.verdict], [3, 2, "established"]);
  t.true((way?.packets.length ?? 0) > 1);
});

test("without a commit nothing is ever established, so there is no way out", (t) => {
  const { proof } = check(
    `${DROPS}table=0,priority=9,ip,actions=ct(table=1,zone=1)\n` +
      "table=1,priority=7,in_port=3,ct_state=+trk+est,actions=output:2\n",
    [[3, [4]]],
  );
  t.is(proof.outcome, "contained");
});

test("another zone's connections are no way out", (t) => {
  const text = (zone: number) =>
    `${DROPS}table=0,priority=9,ip,in_port=3,actions=ct(table=1,zone=1)\n` +
    `table=0,priority=8,ip,in_port=4,actions=ct(commit,zone=${zone})\n` +
    "table=1,priority=7,ct_state=+trk+est,actions=output:2\n";
  t.is(check(text(2), []).proof.outcome, "contained");
  t.is(check(text(1), []).proof.outcome, "open");
});

test("what goes through conntrack again and again ends where the switch ends it: after six rounds", (t) => {
  const inCircles = natRules(NAT).replaceAll("table=2,nat", "table=1,nat");
  t.is(check(inCircles, toResponder()).proof.outcome, "contained");
  const rounds = (count: number) => {
    const round = (i: number) => `table=${i},priority=9,udp,actions=ct(zone=${i},table=${i + 1})\n`;
    const last = `table=${count},priority=9,in_port=3,actions=output:2\n`;
    return check(Array.from({ length: count }, (_, i) => round(i)).join("") + last, []).proof;
  };
  t.is(rounds(6).outcome, "open");
  t.is(rounds(7).outcome, "contained");
});

test("a packet that meets more actions than the proof can follow is no proof", (t) => {
  const many = `${Array.from({ length: 4_000 }, () => "resubmit(,1)").join(",")},output:2`;
  const { proof } = check(`${DROPS}table=0,priority=9,in_port=3,actions=${many}\n`, []);
  t.deepEqual(
    [proof.outcome, proof.reasons],
    ["undecided", ["a packet meets more than 500 actions"]],
  );
});

test("what is rewritten before it is matched again is followed", (t) => {
  const text = (address: string) =>
    `${DROPS}table=0,priority=9,ip,in_port=3,actions=set_field:10.0.0.9->ip_dst,move:NXM_OF_IP_DST[]->NXM_NX_REG0[],resubmit(,1)\n` +
    `table=1,priority=7,ip,nw_dst=${address},reg0=0x0a000009,actions=output:2\n`;
  t.is(check(text("10.0.0.9"), []).proof.outcome, "open");
  t.is(check(text("10.0.0.8"), []).proof.outcome, "contained");
});

test("a table without a last drop, NORMAL, and NAT without a guard are told by the static check", (t) => {
  const kinds = (text: string) => check(text, [[3, [2]]]).findings.map(({ kind }) => kind);
  t.deepEqual(kinds("table=0,priority=5,in_port=3,arp,actions=output:2\n"), [
    "no final drop",
    "no final drop",
  ]);
  t.true(kinds(`${DROPS}table=0,priority=5,arp,actions=normal\n`).includes("forbidden action"));
  const nat = (last: string) =>
    kinds(
      `${DROPS}table=0,priority=9,tcp,in_port=3,actions=ct(commit,zone=1,table=1,nat(dst=10.0.0.9:80))\n` +
        `table=1,priority=8,ct_state=+inv+trk,actions=drop\ntable=1,priority=5,${last}actions=output:2\n`,
    );
  t.deepEqual(nat("tcp,"), ["untranslated"]);
  t.deepEqual(nat("tcp,nw_dst=10.0.0.9,"), []);
  t.deepEqual(
    kinds(
      `${DROPS}table=0,priority=9,tcp,in_port=3,actions=ct(zone=1,table=1)\ntable=1,priority=5,actions=output:2\n`,
    ),
    ["invalid passes"],
  );
});

// Rules over a small world, so that a few packets are all there are.
const match = fc.constantFrom(
  ...["", "ip,", "tcp,", "udp,", "arp,", "tcp,tp_dst=80,", "udp,tp_dst=53,"],
  ...["ip,nw_dst=10.0.0.2,", "ip,nw_src=10.0.0.1,", "tcp,tcp_flags=+syn-ack,", "reg0=1,"],
);
const action = fc.constantFrom(
  ...["drop", "output:2", "output:1", "resubmit(,1)", "set_field:1->reg0,resubmit(,1)"],
  ...["in_port", "set_field:10.0.0.2->ip_dst,resubmit(,1)", "output:2,resubmit(,1)"],
);
const rule = fc
  .tuple(
    fc.integer({ min: 0, max: 1 }),
    fc.integer({ min: 1, max: 6 }),
    fc.constantFrom("", "in_port=3,", "in_port=1,"),
    match,
    action,
  )
  .map(([table, priority, port, what, then]) => {
    // Each priority once in each table: equal ones would leave open which rule wins.
    const needsIp = then.includes("ip_dst") && !/^(?:ip|tcp|udp),/.test(what);
    const text = then.includes("resubmit") && table === 1 ? "drop" : then;
    return {
      key: `${table}/${priority}`,
      text: `table=${table},priority=${priority},${port}${needsIp ? "ip," : what}actions=${text}`,
    };
  });

const PACKETS = ["arp", "icmp", "dl_type=0x88b5", "ipv6"]
  .concat(
    ["tcp", "udp"].flatMap((transport) =>
      ["10.0.0.1", "10.0.0.9"].flatMap((from) =>
        ["10.0.0.2", "10.0.0.9"].flatMap((to) =>
          [80, 53, 9].flatMap((port) =>
            (transport === "tcp" ? [",tcp_flags=syn", ",tcp_flags=ack"] : [""]).map(
              (flags) => `${transport},nw_src=${from},nw_dst=${to},tp_dst=${port}${flags}`,
            ),
          ),
        ),
      ),
    ),
  )
  .map((text) => buildPacket(parsePacket(text, { origin: "test" }), new Conversations()));

test("the proof agrees with every packet of a small world, and the static check never misses", (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(rule, { selector: ({ key }) => key, maxLength: 6 }), (list) => {
      const text = DROPS + list.map((r) => r.text).join("\n");
      const rules = parseRules(text);
      const ports = [1, 2, 3];
      const confirm = confirmOnSwitch(rules, ports);
      const { findings, proof } = check(text, [
        [1, []],
        [2, []],
        [3, []],
      ]);
      t.not(proof.outcome, "undecided", text);
      const shown = new Set(proof.waysOut.map(({ from, to }) => `${from} ${to}`));
      for (const from of ports)
        for (const to of ports) {
          const leaks = PACKETS.some((bytes) => confirm([{ from, bytes }], to));
          if (from !== to) t.is(shown.has(`${from} ${to}`), leaks, `${from} to ${to}:\n${text}`);
          if (leaks && from !== to)
            t.true(
              findings.some((f) => f.from === from && f.to === to),
              `${from} to ${to}:\n${text}`,
            );
        }
    }),
    { numRuns: 150 },
  );
});
