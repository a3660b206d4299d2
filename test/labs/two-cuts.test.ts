import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import test from "ava";
import { LabTimers } from "../../lab/host/lab-time.ts";
import { BridgeRules } from "../../lab/mininet/bridge-rules.ts";
import { Capsule } from "../../lab/mininet/capsule.ts";
import { OpenVSwitch } from "../../lab/mininet/ovs.ts";
import { Supervisor } from "../../lab/mininet/supervisor.ts";
import { OpenFlowPort } from "../../lab/openflow/openflow-port.ts";
import { privateRules } from "../../src/isolate/private-rules.ts";
import { macOf } from "../../src/run/addresses.ts";
import { hasMininet } from "../labs.fixture.ts";

const PAIRS = 40;
const APART_MS_MAX = 20;

const station = (port: number) => ({
  port,
  mac: macOf("private", port),
  address: `10.10.0.${port}`,
});
const STATIONS = Array.from({ length: 30 }, (_, i) => station(10 + i));
const rules = (...cut: number[]) =>
  privateRules({ uplinkPort: 1, stations: STATIONS, cut: cut.map(station) });

// `replace-flows` asks the switch for its rules and sends what differs. Of two at once the first may take away what the
// second has seen and so does not send: without turns one pair in twelve left the second instance connected.
test("two instances that are cut off at almost the same time both are", async (t) => {
  t.timeout(120_000);
  if (!hasMininet(t)) return;
  const rundir = await mkdtemp(join(tmpdir(), "isoreplay-cuts-"));
  t.teardown(() => rm(rundir, { recursive: true, force: true }));
  await using capsule = await Capsule.start("two-cuts-test");
  const ovs = await OpenVSwitch.start(capsule, rundir);
  await capsule.build({ rundir, datapath: "user", bridges: ["private"], hosts: [] });
  const port = await OpenFlowPort.connect({
    path: ovs.socket("private"),
    timers: new LabTimers({ monotonicNs: 0n, speed: 1 }),
    connectMsMax: 10_000,
  });
  const supervisor = new Supervisor(ovs, (error) => t.fail(error.message));
  const bridge = new BridgeRules({
    ovs,
    supervisor,
    ports: new Map([["private", port]]),
    unplug: async () => {},
  });
  for (let pair = 0; pair < PAIRS; pair++) {
    await bridge.replace("private", rules());
    const first = bridge.replace("private", rules(10));
    await wait(pair % APART_MS_MAX);
    await Promise.all([first, bridge.replace("private", rules(10, 11))]);
    const inForce = (await ovs.dumpFlows("private")).split("\n");
    for (const cut of [10, 11])
      t.true(
        inForce.some((line) => line.includes(`priority=1000,in_port=${cut},actions=drop`)),
        `the second ${pair % APART_MS_MAX} ms after the first: ${cut} is not cut off`,
      );
  }
  port.close();
  await supervisor.end();
});
