import test from "ava";
import { InputError } from "../base/errors.ts";
import { emitUdpFrame } from "../wire/packet.ts";
import type { Step } from "./case.ts";
import type { CaseSwitch, Reaction } from "./device.ts";
import { play } from "./play.ts";
import { renderResult } from "./render.ts";

function frame(port: number): Uint8Array {
  return emitUdpFrame({
    sourceMac: "50:54:00:00:00:01",
    destinationMac: "50:54:00:00:00:02",
    source: "10.0.0.1",
    destination: "10.0.0.2",
    udp: { sourcePort: 7, destinationPort: port },
    payload: new Uint8Array(0),
  });
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** A device that does always the same. */
function device(does: Partial<CaseSwitch>): CaseSwitch {
  const nothing: Reaction = { sent: [], packetIns: [] };
  return {
    addFlows: async () => {},
    packet: async () => nothing,
    packetOut: async () => nothing,
    conntrack: async () => [],
    dumpFlows: async () => [],
    ofctl: async () => {},
    flush: async () => {},
    dpctl: async () => "",
    warp: async () => {},
    ...does,
  };
}

async function told(steps: Step[], does: Partial<CaseSwitch>): Promise<string[]> {
  const ports = [1, 2].map((no) => ({ no, name: `p${no}` }));
  const recorded = { name: "one", ports, flows: "", steps };
  return renderResult("", await play(recorded, device(does), "one.json"));
}

test("frames that differ are shown field by field", async (t) => {
  const step: Step = {
    op: "packet",
    in_port: 1,
    hex: hex(frame(80)),
    expect: [{ port: "p2", hex: hex(frame(80)) }],
  };
  const sent = [{ port: 2, bytes: frame(81) }];
  t.deepEqual(await told([step], { packet: async () => ({ sent, packetIns: [] }) }), [
    "✘ one: step 1 of 1 (packet) differs",
    "    port 2, frame 1:",
    "      udp destination port  expected 80, found 81",
  ]);
});

test("a frame that is missing and one too many are shown whole", async (t) => {
  const step: Step = {
    op: "packet",
    in_port: 1,
    hex: hex(frame(80)),
    expect: [{ port: 2, hex: hex(frame(80)) }],
  };
  const sent = [{ port: "LOCAL" as const, bytes: frame(80) }];
  t.deepEqual(await told([step], { packet: async () => ({ sent, packetIns: [] }) }), [
    "✘ one: step 1 of 1 (packet) differs",
    "    port 2: expected 1 frame, found no frame",
    "    port 2, frame 1 is missing:",
    "      UDP 10.0.0.1:7 > 10.0.0.2:80",
    `      ${hex(frame(80))}`,
    "    port LOCAL: expected no frame, found 1 frame",
    "    port LOCAL, frame 1 was not expected:",
    "      UDP 10.0.0.1:7 > 10.0.0.2:80",
    `      ${hex(frame(80))}`,
  ]);
});

test("the order counts for each port alone", async (t) => {
  const [a, b] = [frame(1), frame(2)];
  const expect = [
    { port: 1, hex: hex(a) },
    { port: 2, hex: hex(a) },
    { port: 1, hex: hex(b) },
  ];
  const step: Step = { op: "packet", in_port: 1, hex: hex(a), expect };
  const sent = [
    { port: 2, bytes: a },
    { port: 1, bytes: a },
    { port: 1, bytes: b },
  ];
  t.deepEqual(await told([step], { packet: async () => ({ sent, packetIns: [] }) }), [
    "✔ one: 1 step agrees",
  ]);
});

test("what a packet-in says is compared, but not a cookie that was not recorded", async (t) => {
  const step: Step = {
    op: "packet",
    in_port: 1,
    hex: hex(frame(80)),
    expect: [],
    packet_in: [{ meta: "total_len=42 in_port=1 (via action)", hex: hex(frame(80)) }],
  };
  const answer = (meta: string) => async () => ({
    sent: [],
    packetIns: [{ meta, bytes: frame(80) }],
  });
  const packet = answer("cookie=0x5 total_len=42 in_port=1 (via action)");
  t.deepEqual(await told([step], { packet }), ["✔ one: 1 step agrees"]);
  const other = answer("total_len=42 in_port=2 (via action)");
  t.deepEqual(await told([step], { packet: other }), [
    "✘ one: step 1 of 1 (packet) differs",
    "    packet-in 1:",
    "      expected  total_len=42 in_port=1 (via action)",
    "      found     total_len=42 in_port=2 (via action)",
  ]);
});

test("lines of flows are equal where they mean the same", async (t) => {
  const expect = ["cookie=0x0, table=0, n_packets=0, priority=5,ip actions=drop"];
  const dumpFlows = async () => [
    "OFPST_FLOW reply (OF1.5) (xid=0x2):",
    " cookie=0x0, duration=3.5s, table=0, n_packets=0, n_bytes=0, reset_counts idle_age=3, priority=5,ip actions=drop",
  ];
  t.deepEqual(await told([{ op: "dump_flows", expect }], { dumpFlows }), ["✔ one: 1 step agrees"]);
  const counted = [" table=0, n_packets=4, n_bytes=0, priority=5,ip actions=drop"];
  t.is((await told([{ op: "dump_flows", expect }], { dumpFlows: async () => counted })).length, 3);
});

test("nothing is played behind the first step that differs, and a refusal differs", async (t) => {
  let warped = 0;
  const lines = await told(
    [
      { op: "ct", expect: ["a", "b"] },
      { op: "warp", ms: 1 },
    ],
    { conntrack: async () => ["b", "c"], warp: async () => void warped++ },
  );
  t.deepEqual(lines, ["✘ one: step 1 of 2 (ct) differs", "    expected  a", "    found     c"]);
  t.is(warped, 0);
  const addFlows = async () => {
    throw new InputError("no such field", { where: "rules:1:3" });
  };
  t.deepEqual(await told([], { addFlows }), [
    "✘ one: its rules",
    "    refused: rules:1:3: no such field",
  ]);
});

test("a port that the case does not have is the case's mistake", async (t) => {
  const step: Step = { op: "packet", in_port: 9, hex: "", expect: [] };
  await t.throwsAsync(() => told([step], {}), {
    instanceOf: InputError,
    message: "the case has no port 9",
  });
});
