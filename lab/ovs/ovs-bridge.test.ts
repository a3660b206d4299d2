import test from "ava";
import { startOvs } from "../../test/labs.fixture.ts";
import { CLIENT, SERVER, tcp, udp } from "./drafts/frames.ts";
import { type Arrival, OvsBridge } from "./ovs-bridge.ts";

const PORTS = [1, 2, 3].map((no) => ({ no, name: `p${no}` }));

const FLOWS = [
  "table=0,ip,actions=ct(commit,zone=1,table=1)",
  "table=1,in_port=1,ip,actions=2,LOCAL",
  "table=1,in_port=2,ip,actions=1",
  "table=1,in_port=3,ip,actions=in_port,1",
  "table=1,in_port=LOCAL,ip,actions=3",
].join("\n");

test("relayed frames do what frames do that come in through their own ports", async (t) => {
  await using ovs = await startOvs(t);
  if (ovs === null) return;
  const arrivals: Arrival[] = Array.from({ length: 300 }, (_, i) => {
    const port = ([1, 2, 3, "LOCAL"] as const)[i % 4]!;
    const from = { ...CLIENT, port: 1_000 + (i % 50) };
    return { port, bytes: i % 3 === 0 ? tcp(from, SERVER, "S", i) : udp(from, SERVER, `${i}`) };
  });
  const runs: { sent: unknown; tracked: string[]; counts: string[] }[] = [];
  for (const relayed of [false, true]) {
    await using bridge = await OvsBridge.create(ovs, PORTS);
    await bridge.replaceFlows("table=0,actions=drop\n");
    await bridge.replaceFlows(FLOWS);
    const sent = await bridge.exchange(arrivals, { relayed });
    const tracked = (await bridge.appctl("dpctl/dump-conntrack")).split("\n").sort();
    const counts = (await bridge.dumpFlows()).map((line) => line.replace(/ n_bytes=\d+,/, ""));
    runs.push({ sent, tracked, counts });
  }
  t.deepEqual(runs[0], runs[1]);
});

test("what is refused says why, and the bridge goes on", async (t) => {
  await using ovs = await startOvs(t);
  if (ovs === null) return;
  await using bridge = await OvsBridge.create(ovs, PORTS);
  await t.throwsAsync(() => bridge.change("add-flow", ["udp,actions=nonsense"]), {
    message: /nonsense/,
  });
  await t.throwsAsync(() => bridge.appctl("dpctl/ct-set-maxconns", "many"), {
    message: /maxconns missing or malformed/,
  });
  await bridge.change("add-flow", ["udp,actions=2"]);
  await bridge.change("del-flows", []);
  await bridge.change("add-flow", ["udp,actions=3"]);
  const sent = await bridge.exchange([{ port: 1, bytes: udp(CLIENT, SERVER) }]);
  t.deepEqual(
    sent.map(({ port }) => port),
    [3],
  );
});

test("the next packet sees what a port was told, the bridge's own port too", async (t) => {
  await using ovs = await startOvs(t);
  if (ovs === null) return;
  await using bridge = await OvsBridge.create(ovs, PORTS);
  await bridge.change("add-flow", ["actions=flood"]);
  const bytes = udp(CLIENT, SERVER);
  const reached = async (port: Arrival["port"]) =>
    (await bridge.exchange([{ port, bytes }])).map((frame) => frame.port);
  for (let turn = 0; turn < 20; turn++) {
    await bridge.change("mod-port", ["p2", "no-flood"], ["-O", "OpenFlow10"]);
    t.deepEqual(await reached(1), ["LOCAL", 3]);
    await bridge.change("mod-port", ["p2", "flood"], ["-O", "OpenFlow10"]);
    t.deepEqual(await reached(1), ["LOCAL", 2, 3]);
  }
  await bridge.change("mod-port", ["br0", "no-receive"]);
  t.deepEqual(await reached("LOCAL"), []);
  await bridge.change("mod-port", ["br0", "receive"]);
  t.deepEqual(await reached("LOCAL"), [1, 2, 3]);
});
