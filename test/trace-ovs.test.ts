import { readFile } from "node:fs/promises";
import test, { type ExecutionContext } from "ava";
import type { PrivateOvs } from "../lab/ovs/private-ovs.ts";
import { hits, states, traced } from "../sim/trace/trace.fixture.ts";
import { privateRules } from "../src/isolate/private-rules.ts";
import type { PacketTrace } from "../src/trace/record.ts";
import { startOvs } from "./labs.fixture.ts";

/* Beside the real `ofproto/trace`: for packets without NAT both must name the same rules in the same order. */

async function addBridge(ovs: PrivateOvs, ports: readonly number[]): Promise<void> {
  const bridge = ["datapath-type=dummy", "fail-mode=secure"];
  await ovs.vsctl("add-br", "br0", "--", "set", "bridge", "br0", ...bridge);
  for (const port of ports) {
    const settings = ["type=dummy", `ofport_request=${port}`];
    const name = `p${port}`;
    await ovs.vsctl("add-port", "br0", name, "--", "set", "interface", name, ...settings);
  }
}

/** Rules with their line as cookie, so that the real switch names them as the simulated one does. */
function withCookies(rules: string): string {
  return rules
    .split("\n")
    .map((line, i) =>
      line.trim() === "" || line.startsWith("#")
        ? line
        : `cookie=${i + 1},${line.replace(/cookie=0x\w+,/, "")}`,
    )
    .join("\n");
}

/** What `ofproto/trace` hits, in the same form; conntrack finds there what it found here. */
async function realHits(ovs: PrivateOvs, packet: PacketTrace): Promise<string[]> {
  const next = states(packet).flatMap((state) => [
    "--ct-next",
    state.slice(1).replaceAll("+", ","),
  ]);
  const said = await ovs.appctl(
    "ofproto/trace",
    "br0",
    `in_port=${packet.inPort}`,
    ...next,
    packet.packet,
  );
  return said.split("\n").flatMap((line) => {
    const hit = /^\s*(\d+)\. .*priority \d+, cookie (0x[0-9a-f]+)$/.exec(line);
    if (hit !== null) return [`${hit[1]}:${Number(hit[2])}`];
    const miss = /^\s*(\d+)\. No match/.exec(line);
    return miss === null ? [] : [`${miss[1]}:-`];
  });
}

async function agree(
  t: ExecutionContext,
  rules: string,
  packets: readonly string[],
): Promise<void> {
  const simulated = traced(rules, ...packets);
  await using ovs = await startOvs(t);
  if (ovs === null) return;
  await addBridge(ovs, [1, 2, 3, 4]);
  await ovs.run(
    "ovs-ofctl",
    ["-OOpenFlow15", "add-flows", `unix:${ovs.folder}/br0.mgmt`, "-"],
    withCookies(rules),
  );
  for (const packet of simulated)
    t.deepEqual(await realHits(ovs, packet), hits(packet), packet.given);
}

const example = test.macro<[name: string]>({
  async exec(t, name) {
    const read = (kind: string) =>
      readFile(new URL(`../docs/trace/${name}.${kind}`, import.meta.url), "utf8");
    const packets = (await read("packets"))
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    // `--ct-next` gives a state and no mark, so the rules must not ask for one.
    await agree(t, (await read("rules")).replaceAll(",ct_mark=0x8", ""), packets);
  },
  title: (_, name) => `the real Open vSwitch traces the example "${name}" through the same rules`,
});

test(example, "paper");
test(example, "isolation");

test("the real Open vSwitch traces the rules of a private network through the same rules", async (t) => {
  const station = { port: 1, mac: "52:54:00:00:00:01", address: "10.0.0.1" };
  const cut = { port: 3, mac: "52:54:00:00:00:03", address: "10.0.0.3" };
  const rules = privateRules({ uplinkPort: 2, stations: [station, cut], cut: [cut] });
  const there = "in_port=1,tcp,nw_src=10.0.0.1,nw_dst=203.0.113.7,tp_src=5000,tp_dst=80";
  const back = "in_port=2,tcp,nw_src=203.0.113.7,nw_dst=10.0.0.1,tp_src=80,tp_dst=5000";
  await agree(t, rules, [
    there,
    back,
    there,
    `${back},tcp_flags=psh|ack,payload=100`,
    `${back},seq=99,ack=99`,
    "in_port=2,tcp,nw_src=203.0.113.7,nw_dst=10.0.0.1,tp_dst=22,tcp_flags=syn",
    "in_port=3,tcp,dl_src=52:54:00:00:00:03,nw_src=10.0.0.3",
    "in_port=1,arp",
    "in_port=1,ipv6",
    "in_port=1,icmp,nw_src=10.0.0.1,nw_dst=203.0.113.7",
    "in_port=2,icmp,icmp_type=0,nw_src=203.0.113.7,nw_dst=10.0.0.1",
  ]);
});

test("the real Open vSwitch follows resubmits, gotos, clones and registers through the same rules", async (t) => {
  const rules = `
table=0,priority=10,ip,in_port=1,actions=load:7->NXM_NX_REG0[],resubmit(,5),resubmit(,9),goto_table:3
table=0,priority=5,ip,actions=clone(mod_nw_dst:10.9.9.9,resubmit(,5)),resubmit(1,4)
table=3,priority=2,reg0=8,actions=output:3
table=3,priority=1,reg0=7,udp,tp_dst=53,actions=output:4
table=4,in_port=1,actions=output:2
table=4,in_port=2,actions=drop
table=5,ip,nw_dst=10.9.9.9,actions=output:3
table=5,udp,reg0=7,actions=load:8->NXM_NX_REG0[],output:2
table=5,priority=1,actions=drop
`;
  await agree(t, rules, [
    "in_port=1,udp",
    "in_port=1,tcp",
    "in_port=2,udp",
    "in_port=2,arp",
    "in_port=3,icmp",
  ]);
});
