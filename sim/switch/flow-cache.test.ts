import test from "ava";
import fc from "fast-check";
import { CLIENT, type End, makeSwitch, SERVER, tcp, udp } from "./switch.fixture.ts";

/** Fragments of rules for three tables that read, write, resubmit and track. */
const MATCHES = [
  "",
  "in_port=1",
  "tcp,tp_dst=80",
  "udp",
  "ip,nw_src=10.0.0.1",
  "tcp,tcp_flags=+syn-ack",
  "ct_state=+new,ip",
  "ct_state=+est,ip",
  "reg0=1",
  "reg0=0x50/0xff",
  "ip,nw_ttl=64",
];
const ACTIONS = [
  "output:2",
  "output:3",
  "in_port",
  "set_field:1->reg0",
  "move:NXM_OF_ETH_SRC[0..7]->NXM_NX_REG0[0..7]",
  "resubmit(,1)",
  "resubmit(,2)",
  "mod_dl_src:52:54:00:00:00:77",
  "normal",
  "push_vlan:0x8100",
];
const IP_ACTIONS = [
  "ct(table=2)",
  "ct(commit,table=2)",
  "ct(commit,exec(set_field:1->ct_mark))",
  "ct_clear",
  "dec_ttl",
  "load:0x0a000009->NXM_OF_IP_DST[]",
  "ct(commit,nat(src=192.0.2.1),table=2)",
];

const rule = fc.constantFrom(0, 1, 2).chain((table) =>
  fc.constantFrom(...MATCHES).chain((match) => {
    const ip = /\b(ip|tcp|udp)\b/.test(match) && !match.startsWith("reg");
    const v4 = ip ? [...ACTIONS, ...IP_ACTIONS] : ACTIONS;
    return (
      fc
        .tuple(fc.nat(9), fc.array(fc.constantFrom(...v4), { maxLength: 4 }))
        // More than two tags are refused.
        .filter(([, actions]) => actions.filter((action) => action.startsWith("push")).length < 3)
        .map(([priority, actions]) => {
          const head = [`table=${table}`, `priority=${priority}`, match].filter((p) => p !== "");
          return `${head.join(",")},actions=${actions.join(",") || "drop"}`;
        })
    );
  }),
);

const end = (base: End) =>
  fc.record({
    mac: fc.constantFrom(CLIENT.mac, SERVER.mac),
    address: fc.constantFrom("10.0.0.1", "10.0.0.2"),
    port: fc.constantFrom(80, 81, base.port),
  });

const packet = fc
  .tuple(
    fc.constantFrom(1, 2),
    end(CLIENT),
    end(SERVER),
    fc.constantFrom("udp", "S", "SA", "A", "FA", "R"),
    fc.nat(3),
  )
  .map(([port, from, to, kind, seq]) => ({
    port,
    bytes: kind === "udp" ? udp(from, to) : tcp(from, to, kind, { seq, ack: seq }),
  }));

test("a packet that the cache answers is treated as one that walks the tables", (t) => {
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 15 }),
      fc.array(packet, { minLength: 10, maxLength: 40 }),
      (rules, packets) => {
        const cached = makeSwitch(rules.join("\n"));
        const walking = makeSwitch(rules.join("\n"));
        for (const { port, bytes } of packets) {
          // A port that comes makes the switch forget every result.
          walking.addPort(99, "p99");
          walking.removePort(99);
          t.deepEqual(cached.receive(port, bytes), walking.receive(port, bytes));
        }
        t.deepEqual(cached.dumpConntrack(), walking.dumpConntrack());
        t.deepEqual(
          cached.dumpFlows().map(({ packets: n }) => n),
          walking.dumpFlows().map(({ packets: n }) => n),
        );
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});
