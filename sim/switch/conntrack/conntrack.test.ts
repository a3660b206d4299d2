import test from "ava";
import fc from "fast-check";
import {
  badChecksum,
  CLIENT,
  type End,
  ManualClock,
  mac,
  makeSwitch,
  portsOf,
  SERVER,
  tcp,
  udp,
} from "../switch.fixture.ts";

const STATEFUL =
  "table=0,ip,actions=ct(table=1)\n" +
  "table=1,ct_state=+trk+inv,ip,actions=output:4\n" +
  "table=1,ct_state=+trk+est,ip,in_port=1,actions=output:2\n" +
  "table=1,ct_state=+trk+est,ip,in_port=2,actions=output:1\n" +
  "table=1,ct_state=+trk+new,ip,in_port=1,actions=ct(commit),output:2\n" +
  "table=1,priority=1,ip,actions=output:3";

const NAT =
  "table=0,ip,in_port=1,actions=ct(commit,nat(src=192.0.2.1-192.0.2.4),table=1)\n" +
  "table=0,ip,in_port=2,actions=ct(nat,table=1)\n" +
  "table=1,in_port=1,actions=output:2\n" +
  "table=1,in_port=2,ct_state=+est,actions=output:1";

test("a full table commits nothing more, and says so", (t) => {
  const bridge = makeSwitch(STATEFUL, { limits: { connectionsMax: 2 } });
  for (const port of [1, 2, 3, 4]) bridge.receive(1, udp({ ...CLIENT, port }, SERVER));
  t.is(bridge.dumpConntrack().length, 2);
  t.is(bridge.conntrack.refused.tableFull, 2);
});

test("memory follows the live connections, not those that ever were", (t) => {
  const clock = new ManualClock();
  const bridge = makeSwitch(STATEFUL, { clock });
  for (let i = 0; i < 20_000; i++) {
    clock.advance(100);
    bridge.receive(1, udp({ ...CLIENT, port: 1 + (i % 60_000) }, SERVER));
  }
  // 60 seconds at 10 per second are alive; the sweep may lag behind somewhat.
  t.is(bridge.dumpConntrack().length, 600);
  t.true(bridge.conntrack.table.size < 1_800, String(bridge.conntrack.table.size));
});

test("a connection is gone from the dump when its time is over, though no packet came", (t) => {
  const clock = new ManualClock();
  const bridge = makeSwitch(STATEFUL, { clock });
  bridge.receive(1, udp(CLIENT, SERVER));
  clock.advance(59_999);
  t.is(bridge.dumpConntrack().length, 1);
  clock.advance(1);
  t.is(bridge.dumpConntrack().length, 0);
});

test("connections are flushed by zone and by address", (t) => {
  const bridge = makeSwitch(
    "in_port=1,udp,actions=ct(commit,zone=1),output:3\nin_port=2,udp,actions=ct(commit,zone=2),output:3",
  );
  const other: End = { ...CLIENT, address: "10.0.0.9" };
  for (const port of [1, 2]) {
    bridge.receive(port, udp(CLIENT, SERVER));
    bridge.receive(port, udp(other, SERVER));
  }
  t.is(bridge.dumpConntrack().length, 4);
  t.is(bridge.flushConntrack({ zone: 1, address: other.address }), 1);
  t.is(bridge.flushConntrack({ zone: 2 }), 2);
  t.is(bridge.flushConntrack({ address: SERVER.address }), 1);
  t.is(bridge.flushConntrack(), 0);
});

test("a connection flushed under a TCP stream is picked up as new", (t) => {
  const bridge = makeSwitch(STATEFUL);
  bridge.receive(1, tcp(CLIENT, SERVER, "S", { seq: 1 }));
  bridge.receive(2, tcp(SERVER, CLIENT, "SA", { seq: 5, ack: 2 }));
  bridge.flushConntrack();
  t.deepEqual(portsOf(bridge.receive(2, tcp(SERVER, CLIENT, "A", { seq: 6, ack: 2 }))), [3]);
  t.deepEqual(portsOf(bridge.receive(1, tcp(CLIENT, SERVER, "A", { seq: 2, ack: 6 }))), [2]);
  t.is(bridge.dumpConntrack().length, 1);
});

test("IPv6 connections are tracked and translated like IPv4's", (t) => {
  const bridge = makeSwitch(
    "table=0,ipv6,in_port=1,actions=ct(commit,nat(dst=[fd00::99]:8080),table=1)\n" +
      "table=0,ipv6,in_port=2,actions=ct(nat,table=1)\n" +
      "table=1,in_port=1,actions=output:2\ntable=1,in_port=2,ct_state=+est+rpl,actions=output:1",
  );
  const client: End = { ...CLIENT, address: "fd00::1" };
  const server: End = { ...SERVER, address: "fd00::2" };
  const inside: End = { ...SERVER, address: "fd00::99", port: 8080 };
  const [out] = bridge.receive(1, tcp(client, server, "S", { seq: 1 }));
  t.deepEqual(out?.bytes, tcp(client, inside, "S", { seq: 1 }));
  const [back] = bridge.receive(2, tcp(inside, client, "SA", { seq: 7, ack: 2 }));
  t.deepEqual(back?.bytes, tcp(server, client, "SA", { seq: 7, ack: 2 }));
  t.deepEqual(bridge.dumpConntrack(), [
    "tcp,orig=(src=fd00::1,dst=fd00::2,sport=40000,dport=80),reply=(src=fd00::99,dst=fd00::1,sport=8080,dport=40000),protoinfo=(state=ESTABLISHED)",
  ]);
});

test("each translated connection gets answers of its own, with right checksums", (t) => {
  const byte = fc.integer({ min: 1, max: 254 });
  const client = fc.record({ host: byte, port: fc.integer({ min: 1, max: 65_535 }) });
  fc.assert(
    fc.property(
      fc.uniqueArray(client, {
        selector: (c) => `${c.host}:${c.port}`,
        minLength: 1,
        maxLength: 40,
      }),
      fc.string(),
      (clients, payload) => {
        const bridge = makeSwitch(NAT);
        const seen = new Set<string>();
        for (const { host, port } of clients) {
          const from: End = { mac: mac(1), address: `10.0.0.${host}`, port };
          const [out] = bridge.receive(1, udp(from, SERVER, payload));
          t.is(badChecksum(out!.bytes), undefined);
          const bytes = Buffer.from(out!.bytes);
          const translated: End = {
            mac: mac(1),
            address: bytes.subarray(26, 30).join("."),
            port: bytes.readUInt16BE(34),
          };
          t.regex(translated.address, /^192\.0\.2\.[1-4]$/);
          const name = `${translated.address}:${translated.port}`;
          t.false(seen.has(name), `${name} was given twice`);
          seen.add(name);
          const [back] = bridge.receive(2, udp(SERVER, translated, payload));
          t.deepEqual(back?.bytes, udp(SERVER, from, payload));
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("the same seed makes the same translations", (t) => {
  const run = () => {
    const bridge = makeSwitch(NAT);
    for (let port = 1; port < 50; port++) bridge.receive(1, udp({ ...CLIENT, port }, SERVER));
    return bridge.dumpConntrack();
  };
  t.deepEqual(run(), run());
});

test("a range with no translation left commits nothing, and says so", (t) => {
  const bridge = makeSwitch(
    "udp,actions=ct(commit,nat(src=192.0.2.1:5000-5001),table=1)\ntable=1,actions=output:2",
  );
  for (const port of [1, 2, 3]) bridge.receive(1, udp({ ...CLIENT, port }, SERVER));
  t.is(bridge.dumpConntrack().length, 2);
  t.is(bridge.conntrack.refused.natExhausted, 1);
});

test("a packet goes through conntrack of six zones, not of seven", (t) => {
  const step = (i: number) => `table=${i},udp,actions=ct(zone=${i},table=${i + 1})`;
  const chain = (n: number) =>
    [...Array.from({ length: n }, (_, i) => step(i)), `table=${n},actions=output:2`].join("\n");
  t.is(makeSwitch(chain(6)).receive(1, udp(CLIENT, SERVER)).length, 1);
  const deep = makeSwitch(chain(7));
  t.is(deep.receive(1, udp(CLIENT, SERVER)).length, 0);
  t.is(deep.counters.dropped.recirculation, 1);
});

test("ct_mark and ct_label are set bit by bit and can be matched", (t) => {
  const bridge = makeSwitch(
    "table=0,udp,in_port=1,actions=ct(commit,exec(set_field:0x5/0xf->ct_mark,load:0x3->NXM_NX_CT_LABEL[64..79])),output:2\n" +
      "table=0,udp,in_port=2,actions=ct(table=1)\n" +
      "table=1,priority=2,ct_mark=0x5,ct_label=0x30000000000000000,actions=output:1\ntable=1,priority=1,actions=output:3",
  );
  bridge.receive(1, udp(CLIENT, SERVER));
  t.deepEqual(portsOf(bridge.receive(2, udp(SERVER, CLIENT))), [1]);
  t.deepEqual(bridge.dumpConntrack(), [
    "udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=40000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=40000),mark=5,labels=0x30000000000000000",
  ]);
});

test("the original tuple of a connection can be matched in its answers", (t) => {
  const bridge = makeSwitch(
    "table=0,udp,in_port=1,actions=ct(commit),output:2\ntable=0,udp,in_port=2,actions=ct(table=1)\n" +
      "table=1,ct_state=+trk-inv,ip,ct_nw_src=10.0.0.1,ct_nw_proto=17,ct_tp_dst=80,actions=output:1",
  );
  bridge.receive(1, udp(CLIENT, SERVER));
  t.deepEqual(portsOf(bridge.receive(2, udp(SERVER, CLIENT))), [1]);
});

test("a port 0 and a wrong checksum are invalid", (t) => {
  const bridge = makeSwitch(STATEFUL);
  t.deepEqual(portsOf(bridge.receive(1, udp({ ...CLIENT, port: 0 }, SERVER))), [4]);
  t.deepEqual(portsOf(bridge.receive(1, tcp(CLIENT, { ...SERVER, port: 0 }, "S"))), [4]);
});

const FIXED = (nat: string) =>
  `table=0,udp,in_port=1,actions=ct(commit,${nat},table=1)\ntable=1,actions=output:2`;

test("a translation keeps the port, then goes up within the port's class", (t) => {
  const bridge = makeSwitch(FIXED("nat(src=192.0.2.1)"));
  const portAfter = (host: number, port: number) => {
    const from: End = { mac: mac(1), address: `10.0.0.${host}`, port };
    return Buffer.from(bridge.receive(1, udp(from, SERVER))[0]!.bytes).readUInt16BE(34);
  };
  t.deepEqual(
    [1, 2, 3].map((host) => portAfter(host, 550)),
    [550, 600, 601],
  );
  t.deepEqual(
    [1, 2].map((host) => portAfter(host, 511)),
    [511, 1],
  );
  t.deepEqual(
    [1, 2].map((host) => portAfter(host, 65_535)),
    [65_535, 1_024],
  );
});

test("nat(src=0.0.0.0) keeps the address, and translates all the same", (t) => {
  const bridge = makeSwitch(FIXED("nat(src=0.0.0.0)"));
  t.deepEqual(bridge.receive(1, udp(CLIENT, SERVER))[0]?.bytes, udp(CLIENT, SERVER));
});

test("a connection that a SYN replaces counts, and keeps its translation, until time goes on", (t) => {
  const clock = new ManualClock();
  const bridge = makeSwitch(
    "table=0,tcp,in_port=1,actions=ct(commit,nat(src=192.0.2.1),table=1)\n" +
      "table=0,tcp,in_port=2,actions=ct(nat,table=1)\n" +
      "table=1,in_port=1,actions=output:2\ntable=1,priority=40000,ct_state=+inv,in_port=2,actions=output:4\n" +
      "table=1,in_port=2,actions=output:1",
    { clock },
  );
  const outside = { ...CLIENT, address: "192.0.2.1" };
  bridge.receive(1, tcp(CLIENT, SERVER, "S", { seq: 1 }));
  bridge.receive(1, tcp(CLIENT, SERVER, "R", { seq: 2 }));
  const [again] = bridge.receive(1, tcp(CLIENT, SERVER, "S", { seq: 500 }));
  t.is(Buffer.from(again!.bytes).readUInt16BE(34), CLIENT.port + 1);
  t.is(bridge.conntrack.count(0), 2);
  t.is(bridge.dumpConntrack().length, 1);
  const answer = tcp(SERVER, outside, "SA", { seq: 9, ack: 501 });
  t.deepEqual(portsOf(bridge.receive(2, answer)), [4]);
  clock.advance(1);
  t.is(bridge.conntrack.count(1), 1);
  t.deepEqual(portsOf(bridge.receive(2, answer)), [4], "a SYN/ACK begins no connection");
});

test("the dump with -m shows both ends, with -s the seconds left", (t) => {
  const bridge = makeSwitch(STATEFUL);
  bridge.receive(1, tcp(CLIENT, SERVER, "S", { seq: 1 }));
  const tuples =
    "tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=40000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=40000)";
  const more = "protoinfo=(state_orig=SYN_SENT,state_reply=CLOSED,flags_orig=0,flags_reply=0)";
  t.deepEqual(bridge.conntrack.dump(1_500, { more: true, statistics: true }), [
    `${tuples},id=0,status=0,timeout=28,${more}`,
  ]);
  t.deepEqual(bridge.conntrack.dump(0, { zone: 7 }), []);
});

test("connections are flushed by a whole tuple in either direction, and by a part of one", (t) => {
  const bridge = makeSwitch(STATEFUL);
  const { conntrack } = bridge;
  const answers =
    "ct_nw_src=10.0.0.2,ct_nw_dst=10.0.0.1,ct_nw_proto=17,ct_tp_src=80,ct_tp_dst=40000";
  bridge.receive(1, udp(CLIENT, SERVER));
  t.is(conntrack.flush(["zone=1", answers], 0), 0);
  t.is(conntrack.flush([answers], 0), 1);
  for (const port of [1, 2, 3]) bridge.receive(1, udp({ ...CLIENT, port }, SERVER));
  t.is(conntrack.flush(["ct_nw_proto=17,ct_tp_src=2"], 0), 1);
  t.is(conntrack.flush(["", "ct_nw_src=10.0.0.2"], 0), 2);
  t.throws(() => conntrack.flush(["ct_nw_sorc=1"], 0), {
    message: /invalid conntrack tuple field/,
  });
});

test("statistics and buckets read as Open vSwitch prints them", (t) => {
  const bridge = makeSwitch(STATEFUL);
  bridge.receive(1, udp(CLIENT, SERVER));
  bridge.receive(1, tcp(CLIENT, SERVER, "S", { seq: 1 }));
  t.is(
    bridge.conntrack.statistics(0, true),
    "Connections Stats:\n    Total: 2\n  TCP: 1\n    Conn per TCP states:\n\t  [SYN_SENT]=1\n  UDP: 1\n",
  );
  t.regex(bridge.conntrack.buckets(0), /^Total Buckets: 1\nCurrent Connections: 2\n\n\+-/);
  t.regex(bridge.conntrack.buckets(0, 5), / {3}0\.\. {2}7 {3}\| {5}\.\n/);
});
