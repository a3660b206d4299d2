import { setTimeout as wait } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { CONTROL_RULES } from "../../src/isolate/isolation-rules.ts";
import { PORT } from "../../src/rule/port.ts";
import { PrivateOvs } from "../ovs/private-ovs.ts";
import { HostSwitch } from "./host-switch.ts";
import { cookiesOf, INTEGRATION_BRIDGE, IntegrationBridge } from "./integration-bridge.ts";

const LABEL = "abcd1234";
const NEUTRON =
  "cookie=0x77,priority=0,actions=resubmit(,60)\ncookie=0x77,table=60,priority=3,actions=normal\n";
const DROP_ALL = "table=0,priority=0,actions=drop\n";

/** A bridge as Neutron has it, on a real Open vSwitch. */
async function integrationBridge(t: ExecutionContext, ovs: PrivateOvs) {
  await ovs.vsctl(
    ...["add-br", INTEGRATION_BRIDGE, "--", "set", "bridge", INTEGRATION_BRIDGE],
    ...["datapath_type=dummy", "fail_mode=secure"],
  );
  for (const port of [12, 13, 19])
    await ovs.vsctl(
      ...["add-port", INTEGRATION_BRIDGE, `p${port}`, "--", "set", "interface", `p${port}`],
      ...["type=dummy", `ofport_request=${port}`, `external_ids:iface-id=id-${port}`],
    );
  const hostSwitch = new HostSwitch(ovs.folder);
  await hostSwitch.change(INTEGRATION_BRIDGE, NEUTRON);
  const bridge = await IntegrationBridge.open(hostSwitch, LABEL, (error) => t.fail(String(error)));
  return { hostSwitch, bridge };
}

async function startOvs(t: ExecutionContext): Promise<PrivateOvs | null> {
  try {
    return await PrivateOvs.start();
  } catch (error) {
    if (!(error instanceof LabUnavailableError)) throw error;
    t.log(`skipped: ${error.line}`);
    t.pass();
    return null;
  }
}

const ownLines = (text: string) => text.split("\n").filter((line) => line.includes("0x1507"));

test("a run's rules stand beside Neutron's, and go without them", async (t) => {
  await using ovs = await startOvs(t);
  if (ovs === null) return;
  const { hostSwitch, bridge } = await integrationBridge(t, ovs);
  t.deepEqual(await hostSwitch.portOf("id-12"), { name: "p12", ofport: 12 });
  t.is(await hostSwitch.portOf("id-99"), null);
  await bridge.plugAll(
    "isolation",
    new Map([
      [2, 12],
      [3, 13],
      [PORT.controller, 19],
    ]),
  );
  await bridge.setRules("isolation", CONTROL_RULES);
  t.is(
    await bridge.rules("isolation"),
    "table=0,priority=0,actions=output:2,output:3,output:CONTROLLER\n",
  );
  await bridge.setRules("isolation", DROP_ALL, ["10.20.0.2"]);
  t.is(await bridge.rules("isolation"), DROP_ALL);
  t.deepEqual(await bridge.copies(), []);
  t.is(bridge.gaps.count, 0);
  await bridge[Symbol.asyncDispose]();
  const left = await hostSwitch.flows(INTEGRATION_BRIDGE);
  t.deepEqual(ownLines(left), []);
  t.is(left.split("\n").filter((line) => line.includes("cookie=0x77")).length, 2);
});

test("rules that Neutron's agent takes away are put back, and the gap is counted", async (t) => {
  await using ovs = await startOvs(t);
  if (ovs === null) return;
  const { hostSwitch, bridge } = await integrationBridge(t, ovs);
  await using _ = bridge;
  await bridge.plugAll("isolation", new Map([[2, 12]]));
  await bridge.setRules("isolation", DROP_ALL);
  const { entrance } = cookiesOf(LABEL);
  // What the agent does with a foreign cookie that it finds in table 0.
  await hostSwitch.change(INTEGRATION_BRIDGE, `delete cookie=0x${entrance.toString(16)}/-1\n`);
  for (let look = 0; look < 200 && bridge.gaps.count === 0; look++) await wait(20);
  t.is(bridge.gaps.count, 1);
  t.true(bridge.gaps.ms > 0);
  t.is(await bridge.rules("isolation"), DROP_ALL);
});

test("a port that others' rules let past the run's is listed as a way to everywhere", async (t) => {
  await using ovs = await startOvs(t);
  if (ovs === null) return;
  const { hostSwitch, bridge } = await integrationBridge(t, ovs);
  await using _ = bridge;
  await bridge.plugAll("isolation", new Map([[2, 12]]));
  await bridge.setRules("isolation", DROP_ALL);
  await hostSwitch.change(INTEGRATION_BRIDGE, "cookie=0x77,priority=65000,arp,actions=normal\n");
  t.regex(await bridge.rules("isolation"), /^table=0,priority=65535,in_port=2,actions=normal$/m);
});

test("rules that are no rules change nothing", async (t) => {
  await using ovs = await startOvs(t);
  if (ovs === null) return;
  const { bridge } = await integrationBridge(t, ovs);
  await using _ = bridge;
  await bridge.plugAll("isolation", new Map([[2, 12]]));
  await bridge.setRules("isolation", DROP_ALL);
  t.throws(() => bridge.setRules("isolation", "nonsense"));
  t.is(await bridge.rules("isolation"), DROP_ALL);
});
