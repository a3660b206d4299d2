import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import test from "ava";
import { LabTimers } from "../../lab/host/lab-time.ts";
import { Capsule } from "../../lab/mininet/capsule.ts";
import { OpenVSwitch } from "../../lab/mininet/ovs.ts";
import { Supervisor } from "../../lab/mininet/supervisor.ts";
import { OpenFlowPort } from "../../lab/openflow/openflow-port.ts";
import { processesOf } from "../../lab/state/leftovers.ts";
import { hasMininet } from "../labs.fixture.ts";

const LABEL = "dead-switch-test";
const KILLS = 16;
const STEP_MS = 3;
const BACK_MS_MAX = 20_000;

async function killSwitch(): Promise<void> {
  for (const { pid } of processesOf(LABEL)) {
    const name = await readFile(`/proc/${pid}/comm`, "utf8");
    if (name.trim() === "ovs-vswitchd") process.kill(pid, "SIGKILL");
  }
}

// The kernel closes a killed process's sockets one by one before it is gone: rules are set at each moment of that.
test("a switch that is killed has its last rules again, whenever they were set", async (t) => {
  t.timeout(120_000);
  if (!hasMininet(t)) return;
  const rundir = await mkdtemp(join(tmpdir(), "isoreplay-dead-"));
  await using capsule = await Capsule.start(LABEL);
  const ovs = await OpenVSwitch.start(capsule, rundir);
  await capsule.build({ rundir, datapath: "user", bridges: ["isolation"], hosts: [] });
  const supervisor = new Supervisor(ovs, (error) => t.fail(error.message));
  const port = await OpenFlowPort.connect({
    path: ovs.socket("isolation"),
    timers: new LabTimers({ monotonicNs: 0n, speed: 1 }),
    connectMsMax: BACK_MS_MAX,
    onDown: () => supervisor.down(),
  });
  for (let kill = 1; kill <= KILLS; kill++) {
    await killSwitch();
    await wait((kill % 8) * STEP_MS);
    await supervisor.setRules("isolation", `priority=${kill},actions=drop`);
    const deadline = Date.now() + BACK_MS_MAX;
    while (port.counts.reconnects < kill && Date.now() < deadline) await wait(10);
    t.regex(await ovs.dumpFlows("isolation"), new RegExp(`priority=${kill},`));
  }
  t.is(supervisor.restarts, KILLS);
  port.close();
  await supervisor.end();
});
