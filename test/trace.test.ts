import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { isolationRules } from "../src/isolate/isolation-rules.ts";
import { PcapWriter } from "../src/pcap/writer.ts";
import { buildPacket } from "../src/trace/build-packet.ts";
import { Conversations } from "../src/trace/conversation.ts";
import { parsePacket } from "../src/trace/packet-text.ts";
import type { Trace } from "../src/trace/record.ts";
import { isoreplay, scratch } from "./cli.fixture.ts";

const DOCS = new URL("../docs/trace/", import.meta.url);
const PAPER = ["docs/trace/paper.rules", "--packets", "docs/trace/paper.packets"];
const SYN = "in_port=1,tcp,nw_src=10.20.0.2,nw_dst=203.0.113.7,tp_dst=80";

async function examples(): Promise<string[]> {
  const names = (await readdir(DOCS)).filter((name) => name.endsWith(".rules"));
  return names.map((name) => name.slice(0, -".rules".length));
}

test("the examples in docs/trace print what is written there", async (t) => {
  for (const name of await examples()) {
    const said = await isoreplay(
      "trace",
      `docs/trace/${name}.rules`,
      "--packets",
      `docs/trace/${name}.packets`,
    );
    t.is(said.stderr, "");
    t.is(said.status, 0);
    t.is(`${said.stdout}\n`, await readFile(new URL(`${name}.txt`, DOCS), "utf8"), name);
  }
});

test("the example of isolation has the rules that the lab makes", async (t) => {
  const shown = await readFile(new URL("isolation.rules", DOCS), "utf8");
  const made = isolationRules({
    gatewayMac: "52:54:00:00:20:fe",
    gatewayAddress: "10.20.0.1",
    stations: [
      {
        port: 1,
        mac: "52:54:00:00:20:02",
        address: "10.20.0.2",
        servers: [{ address: "203.0.113.7", port: 80 }],
      },
    ],
  });
  t.is(shown.replace(/^#.*\n/gm, ""), made);
});

test("--json prints the record, versioned", async (t) => {
  const said = await isoreplay("trace", ...PAPER, "--json");
  const trace = JSON.parse(said.stdout) as Trace;
  t.is(trace.kind, "isoreplay-trace");
  t.is(trace.version, 1);
  t.is(trace.rules, "docs/trace/paper.rules");
  t.deepEqual(
    trace.packets.map(({ outputs, dropped }) => dropped ?? outputs.map(({ port }) => port).join()),
    ["LOCAL,2", "1", "2", "the rule in line 18 (table 1) drops it"],
  );
});

test("--html writes the page, and says where", async (t) => {
  const file = join(await scratch(), "road.html");
  const said = await isoreplay("trace", ...PAPER, "--html", file);
  t.is(said.status, 0);
  t.is(said.stderr, `page: ${file}`);
  t.regex(await readFile(file, "utf8"), /^<!doctype html>/);
});

test("packets come from arguments, --packet, a file and a capture, in this order", async (t) => {
  const folder = await scratch();
  const capture = join(folder, "a.pcap");
  const pieces: Uint8Array[] = [];
  const writer = new PcapWriter((piece) => {
    pieces.push(piece);
  });
  const bytes = buildPacket(
    parsePacket("udp,nw_src=10.0.0.4", { origin: "x" }),
    new Conversations(),
  );
  writer.write({ timeNs: 5_000_000_000n, bytes });
  writer.write({ timeNs: 7_500_000_000n, bytes });
  writer.end();
  await writeFile(capture, Buffer.concat(pieces));
  const list = join(folder, "list");
  await writeFile(list, "# one\nin_port=1,icmp\n");
  const args = [SYN, "--packet", "in_port=1,udp", "--packets", list, "--capture", capture];
  const said = await isoreplay(
    "trace",
    "docs/trace/dnat.rules",
    ...args,
    "--in-port",
    "10.0.0.4=2",
    "--gap",
    "1",
    "--json",
  );
  const { packets } = JSON.parse(said.stdout) as Trace;
  t.deepEqual(
    packets.map(({ inPort, timeMs, summary }) => [inPort, timeMs, summary.split(" ")[0]]),
    [
      ["1", 0, "TCP"],
      ["1", 1000, "UDP"],
      ["1", 2000, "ICMP"],
      ["2", 3000, "UDP"],
      ["2", 5500, "UDP"],
    ],
  );
});

const refused = test.macro<[args: readonly string[], status: number, stderr: string | RegExp]>({
  async exec(t, args, status, stderr) {
    const said = await isoreplay("trace", ...args);
    t.is(said.status, status);
    t.is(said.stdout, "");
    if (typeof stderr === "string") t.is(said.stderr, stderr);
    else t.regex(said.stderr, stderr);
  },
  title: (_, args, status) => `exit ${status}: trace ${args.join(" ").slice(0, 70)}`,
});

test(refused, ["docs/trace/dnat.rules"], 64, /there is no packet to trace/);
test(refused, [], 64, "isoreplay: missing required argument 'rules'");
test(refused, ["nowhere.rules", SYN], 65, "isoreplay: nowhere.rules: there is no such file");
test(
  refused,
  ["docs/trace/dnat.packets", SYN],
  65,
  /^isoreplay: docs\/trace\/dnat.packets:1:\d+: the rule has no actions=…$/,
);
test(
  refused,
  ["docs/trace/dnat.rules", "in_port=1,tpc"],
  65,
  /^isoreplay: packet 1:11: found "tpc", expected a match field/,
);
test(
  refused,
  ["docs/trace/dnat.rules", "tcp"],
  65,
  /^isoreplay: tcp: it is not said which port it comes in through \(write in_port=/,
);
test(
  refused,
  ["docs/trace/dnat.rules", SYN, "--port", "bot"],
  64,
  /--port bot: expected NAME=NUMBER/,
);
test(
  refused,
  ["docs/trace/dnat.rules", SYN, "--in-port", "cat"],
  65,
  'isoreplay: --in-port:1: found "cat", expected a port of the bridge',
);
test(refused, ["docs/trace/dnat.rules", "in_port=normal,tcp"], 65, /no packet comes in through it/);
test(
  refused,
  ["docs/trace/dnat.rules", "--capture", "docs/trace/dnat.rules"],
  65,
  /docs\/trace\/dnat.rules/,
);
