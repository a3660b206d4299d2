import { readFileSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { entrance } from "../../lab/cloud/cloud-folder.ts";
import { HostSwitch } from "../../lab/cloud/host-switch.ts";
import { INTEGRATION_BRIDGE, IntegrationBridge } from "../../lab/cloud/integration-bridge.ts";
import { IMAGE_VARIABLE } from "../../lab/cloud/setting.ts";
import { type OpenStackLab, standUp } from "../../lab/openstack/stand-up.ts";
import { standInImage } from "../../lab/stand-in/image.ts";
import { recordedLabs } from "../../lab/state/journal.ts";
import { ownerOf } from "../../lab/state/leftovers.ts";
import { type RunningCommand, runCommand, startCommand } from "../../src/base/command.ts";
import { Cloud, hasOpenStack } from "./openstack.fixture.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/isoreplay.js", import.meta.url));
const SCENARIO = "zeus-cookie-theft";
const DEADLINE_MS = 30 * 60_000;
const STAGE_MS_MAX = 8 * 60_000;

/** What a run has written into its journal when it is killed: the last of these that is there. */
const STAGES: readonly (readonly [stage: string, entry: RegExp])[] = [
  ["networks", /"kind":"network".*-isolation"/],
  ["hosts are plugged in", /"kind":"cable"/],
  ["the guest of the positive control boots", /"kind":"server".*-iso-cookie-theft-1-1"/],
  ["the instance boots on private", /"kind":"server".*-vm-cookie-theft-1-1"/],
  ["its volume boots on isolation", /"kind":"server".*-iso-cookie-theft-1-2"/],
];

/** Nothing is plugged in there. */
const PLUGGED_PORT = 999;
const DROP_ALL = "table=0,priority=0,actions=drop\n";
/** The agent is done with its first look well before. */
const QUIET_MS = 5_000;

const COLLECTIONS = [
  "server",
  "volume",
  "image",
  "network",
  "subnet",
  "port",
  "flavor",
  "security group",
];

let cloud: Promise<OpenStackLab> | null = null;

/** One cloud for all tests: it takes minutes to come up. */
function upOpenStack(t: ExecutionContext): Promise<OpenStackLab> {
  const start = performance.now();
  cloud ??= standUp({ stays: false, progress: { begins: () => {}, ends: () => {} } }).finally(() =>
    t.log(`the cloud was up after ${((performance.now() - start) / 1000).toFixed(1)} s`),
  );
  return cloud;
}

test.after.always("the cloud is taken down", async () => {
  await (await cloud)?.[Symbol.asyncDispose]();
});

/** The scenario with as little training as there can be. */
async function shortScenario(): Promise<string> {
  const text = await readFile(
    new URL(`../../scenarios/${SCENARIO}/scenario.yaml`, import.meta.url),
    "utf8",
  );
  const file = join(await mkdtemp(join(tmpdir(), "isoreplay-cloud-")), "scenario.yaml");
  const less = (line: string) => `${line}\n    training_bots: 2\n    sessions_per_bot: 2`;
  await writeFile(file, `rounds: 1\n${text.replaceAll(/^ {4}suspects: \d+$/gm, less)}`);
  return file;
}

/** `isoreplay run`, in the cloud's network. */
async function startRun(lab: OpenStackLab, scenario: string): Promise<RunningCommand> {
  const { command, variables } = entrance(lab, lab.namespaces.keeper);
  const [file, ...args] = command;
  const out = await mkdtemp(join(tmpdir(), "isoreplay-cloud-"));
  const run = [process.execPath, PROGRAM, "run", scenario, "--lab", "devstack", "--out", out];
  return startCommand(file, [...args, ...run], {
    env: {
      PATH: process.env.PATH ?? "",
      ...variables,
      [IMAGE_VARIABLE]: await standInImage(),
    },
  });
}

/** Names that bear the mark of a run, and rules and cables of one. */
async function leftInCloud(lab: OpenStackLab): Promise<string[]> {
  const names = await new Cloud(lab).run(
    ...COLLECTIONS.map((kind) => `${kind} list -f value -c Name`),
  );
  const inside = async (...args: string[]) => (await lab.namespaces.run(args)).stdout;
  const flows = await inside("ovs-ofctl", "dump-flows", "br-int");
  const ports = await inside("ovs-vsctl", "list-ports", "br-int");
  const links = await inside("ip", "-o", "link");
  return [
    ...names.split("\n").filter((name) => name.includes("isoreplay-")),
    ...flows.split("\n").filter((flow) => flow.includes("cookie=0x1507")),
    ...`${ports}\n${links}`.split("\n").filter((line) => /\bir[0-9a-f]{8}-/.test(line)),
    ...recordedLabs()
      .filter((one) => ownerOf(one)?.lab === "devstack")
      .map(({ folder }) => folder),
  ];
}

/** The journal of the run that this process has started, once it has got so far. */
async function journalShows(entry: RegExp): Promise<number> {
  const end = performance.now() + STAGE_MS_MAX;
  while (performance.now() < end) {
    for (const lab of recordedLabs()) {
      const owner = ownerOf(lab);
      if (owner?.lab !== "devstack") continue;
      if (entry.test(readFileSync(join(lab.folder, "journal.ndjson"), "utf8"))) return owner.pid;
    }
    await wait(50);
  }
  throw new Error(`no ${entry} in a journal`);
}

test.serial(
  "the loop of a scenario is green on a real OpenStack, and leaves nothing there",
  async (t) => {
    t.timeout(DEADLINE_MS);
    if (!hasOpenStack(t)) return;
    const lab = await upOpenStack(t);
    const start = performance.now();
    const run = await startRun(lab, SCENARIO);
    const said: string[] = [];
    run.stdout.setEncoding("utf8").on("data", (text: string) => said.push(text));
    const status = await run.ended;
    t.log(`the loop took ${((performance.now() - start) / 1000).toFixed(1)} s`);
    t.log(said.join(""));
    t.is(status, 0, run.complaint());
    t.deepEqual(await leftInCloud(lab), []);
  },
);

test.serial(
  "a run that is killed at any stage leaves nothing that destroy does not take away",
  async (t) => {
    t.timeout(DEADLINE_MS);
    if (!hasOpenStack(t)) return;
    const lab = await upOpenStack(t);
    const scenario = await shortScenario();
    for (const [stage, entry] of STAGES) {
      const run = await startRun(lab, scenario);
      run.stdout.resume();
      const pid = await journalShows(entry);
      process.kill(pid, "SIGKILL");
      await run.ended;
      const start = performance.now();
      const { stdout } = await runCommand(process.execPath, [PROGRAM, "destroy"]);
      t.log(
        `${stage}: ${stdout.trim()} after ${((performance.now() - start) / 1000).toFixed(1)} s`,
      );
      t.deepEqual(await leftInCloud(lab), [], stage);
    }
  },
);

test.serial(
  "a run's rules on the integration bridge are in force after Neutron's agent began anew",
  async (t) => {
    t.timeout(DEADLINE_MS);
    if (!hasOpenStack(t)) return;
    const lab = await upOpenStack(t);
    const root = `/proc/${lab.namespaces.keeper.pid}/root`;
    const hostSwitch = new HostSwitch(`${root}/run/openvswitch`);
    const bridge = await IntegrationBridge.open(hostSwitch, "0badcafe", (error) =>
      t.fail(String(error)),
    );
    await using _ = bridge;
    await bridge.plugAll("isolation", new Map([[2, PLUGGED_PORT]]));
    await bridge.setRules("isolation", DROP_ALL);
    const before = await neutronCookies(hostSwitch);

    const pid = readFileSync(join(lab.folder, "pids/ovs-agent"), "utf8").trim();
    const file = (name: string) => ["--config-file", join(lab.folder, "etc", name)];
    const command = [
      "neutron-openvswitch-agent",
      ...file("neutron.conf"),
      ...file("ovs-agent.ini"),
    ];
    await lab.namespaces.run(["kill", "-KILL", pid]);
    await lab.namespaces.launch("ovs-agent", command);
    // It has a new cookie each time, and ends its first look by taking away what bears another one.
    const end = performance.now() + STAGE_MS_MAX;
    while (performance.now() < end) {
      const now = await neutronCookies(hostSwitch);
      if (now.size > 0 && isDisjoint(now, before)) break;
      await wait(200);
    }
    t.true(isDisjoint(await neutronCookies(hostSwitch), before));
    await wait(QUIET_MS);
    t.log(`taken away ${bridge.gaps.count} times, missing for ${bridge.gaps.ms.toFixed(0)} ms`);
    t.is(await bridge.rules("isolation"), DROP_ALL);
  },
);

/** Cookies of the rules that are not ours. */
async function neutronCookies(hostSwitch: HostSwitch): Promise<Set<string>> {
  const flows = await hostSwitch.flows(INTEGRATION_BRIDGE);
  const cookies = [...flows.matchAll(/cookie=(0x[0-9a-f]+)/g)].map(([, cookie]) => cookie ?? "");
  return new Set(cookies.filter((cookie) => !cookie.startsWith("0x1507")));
}

function isDisjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return [...a].every((one) => !b.has(one));
}
