import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { isoreplay, scratch } from "./cli.fixture.ts";

const ISOLATION = "docs/trace/isolation.rules";
const DECLARED = ["--egress", "1=CONTROLLER", "--egress", "CONTROLLER=1"];

for (const mode of [[], ["--exact"]]) {
  const name = mode.length === 0 ? "static" : "exact";

  test(`the isolation's rules are contained (${name})`, async (t) => {
    const { status, stdout } = await isoreplay("contained", ISOLATION, ...DECLARED, ...mode);
    t.is(status, 0, stdout);
    t.regex(stdout, /^✔ contained/);
  });

  test(`a way out is told with its rules (${name})`, async (t) => {
    const egress = ["--egress", "vm=replayer", "--egress", "replayer=vm"];
    const { status, stdout } = await isoreplay(
      ...["contained", "docs/contained/leaky.rules", ...egress, ...mode],
    );
    t.is(status, 1);
    t.regex(stdout, /replayer gets out through uplink/);
    t.regex(stdout, /table=1,priority=70,.*output:"uplink"/);
  });
}

test("what a real switch prints of its rules is read, too", async (t) => {
  const file = join(await scratch(), "dump");
  await writeFile(
    file,
    "NXST_FLOW reply (xid=0x4):\n" +
      " cookie=0x0, duration=2.1s, table=0, n_packets=3, n_bytes=180, priority=5,udp,in_port=1 actions=output:2\n" +
      " cookie=0x0, duration=2.1s, table=0, n_packets=0, n_bytes=0, priority=0 actions=drop\n",
  );
  t.is((await isoreplay("contained", file, "--egress", "1=2")).status, 0);
  const { status, stdout } = await isoreplay("contained", file, "--json");
  t.is(status, 1);
  const said = JSON.parse(stdout) as { outcome: string; findings: { from: number; to: number }[] };
  t.deepEqual(
    said.findings.map(({ from, to }) => [from, to]),
    [[1, 2]],
  );
});

test("through a door only what is translated may leave, and the rule that sends it asks for it", async (t) => {
  const file = join(await scratch(), "rules");
  const door = "1=4:tcp,ct_state=+trk-rpl,nw_dst=10.20.0.9,tp_dst=8001";
  const check = async (guard: string, entrance = "ct(zone=2,nat,table=1)", more: string[] = []) => {
    await writeFile(
      file,
      `table=0,priority=9,tcp,in_port=1,actions=${entrance}\ntable=0,priority=0,actions=drop\n` +
        `table=1,priority=9,tcp,in_port=1,ct_state=+trk-inv-rpl,${guard}actions=set_field:02:00:00:00:00:04->eth_dst,output:4\n` +
        "table=1,priority=0,actions=drop\n",
    );
    return await isoreplay("contained", file, "--egress", "1=4", "--door", door, ...more);
  };
  const guarded = "nw_dst=10.20.0.9,tp_dst=8001,";
  t.is((await check(guarded)).status, 0);
  const open = await check("nw_dst=10.20.0.9,");
  t.is(open.status, 1);
  t.regex(open.stdout, /^✘ unguarded, from port 1: .*only what is translated/);
  const untracked = await check(guarded, "ct(zone=2,table=1)");
  t.regex(untracked.stdout, /unguarded.*nothing on the way translates/);
  t.is((await check(guarded, "ct(zone=2,nat,table=1)", ["--exact"])).status, 64);
  t.is((await check(guarded, "ct(zone=2,nat,table=1)", ["--door", "1=4"])).status, 64);
  t.is((await check(guarded, "ct(zone=2,nat,table=1)", ["--door", "1=4:in_port=1"])).status, 64);
  t.is((await check(guarded, "ct(zone=2,nat,table=1)", ["--door", "1=4:nw_dst=x"])).status, 65);
});

test("rules that cannot be read and ports that are not there are told apart", async (t) => {
  const file = join(await scratch(), "rules");
  await writeFile(file, "table=0,priority=5,actions=outptu:2\n");
  const bad = await isoreplay("contained", file);
  t.is(bad.status, 65);
  t.regex(bad.stderr, /rules:1:\d+: .*outptu/);
  t.is((await isoreplay("contained", ISOLATION, "--egress", "1=nowhere")).status, 64);
  t.is((await isoreplay("contained", ISOLATION, "--egress", "1")).status, 64);
});

test("what the proof does not follow is undecided", async (t) => {
  const file = join(await scratch(), "rules");
  await writeFile(
    file,
    "priority=5,actions=learn(table=1,output:NXM_OF_IN_PORT[])\npriority=0,actions=drop\n",
  );
  const { status, stdout } = await isoreplay("contained", file, "--exact", "--egress", "1=2");
  t.is(status, 2);
  t.regex(stdout, /learned/);
});
