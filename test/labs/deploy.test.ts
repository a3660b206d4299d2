import { existsSync, readFileSync } from "node:fs";
import test from "ava";
import { type RecordedLab, recordedLabs } from "../../lab/state/journal.ts";
import { processesOf } from "../../lab/state/leftovers.ts";
import { type RunningCommand, runCommand, startCommand } from "../../src/base/command.ts";
import { isoreplay, PROGRAM } from "../cli.fixture.ts";
import { hasMininet } from "../labs.fixture.ts";

const DEADLINE_MS = 60_000;

interface Place {
  readonly name: string;
  readonly address: string;
  readonly enter: string;
}

/** Deploy, and wait until it says that the lab is up. */
async function deployed(): Promise<{ run: RunningCommand; said: string; lab: RecordedLab }> {
  const run = await startCommand(process.execPath, [PROGRAM, "deploy", "zeus-cookie-theft"]);
  let said = "";
  for await (const bytes of run.stdout.iterator({ destroyOnReturn: false })) {
    said += String(bytes);
    if (said.includes("takes it down")) break;
  }
  run.stdout.resume();
  const lab = recordedLabs().find(
    ({ entries: [first] }) => first?.kind === "lab" && first.pid === run.pid,
  );
  if (lab === undefined) throw new Error(`no lab came up: ${run.complaint()}`);
  return { run, said, lab };
}

/** Run a command in a host, with the words of `inspect`. */
async function inHost({ enter }: Place, ...command: string[]): Promise<string> {
  const [, ...args] = enter.split(" ").slice(0, -1);
  const { stdout } = await runCommand(args[0] ?? "", [...args.slice(1), ...command], {
    okStatus: [0, 1],
  });
  return stdout;
}

/** Of the session of a host's agent; null for other processes. */
function sessionNiceness(pid: number): number | null {
  if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(`${process.execPath}\0`))
    return null;
  const [, niceness] = / nice (-?\d+)/.exec(readFileSync(`/proc/${pid}/autogroup`, "utf8")) ?? [];
  return niceness === undefined ? null : Number(niceness);
}

test.serial("a lab that is deployed can be entered, and destroy takes it down", async (t) => {
  t.timeout(3 * DEADLINE_MS);
  if (!hasMininet(t)) return;
  const { run, said, lab } = await deployed();
  try {
    t.regex(said, / up, deployed {2}zeus-cookie-theft-round-1 {2}/);
    const all = JSON.parse((await isoreplay("inspect", "--json")).stdout) as {
      label: string;
      places: Place[];
    }[];
    const places = all.find(({ label }) => label === lab.label)?.places ?? [];
    const place = (name: string) => places.find((p) => p.name === name)!;
    const vm = place("vm-cookie-theft-1");
    t.regex(
      (await isoreplay("inspect")).stdout,
      new RegExp(`${vm.name} +private +${vm.address} +sudo`),
    );
    t.regex(await inHost(vm, "ip", "-br", "address"), new RegExp(` ${vm.address}/24`));
    // The rules are in force: `private` reaches the outside, and `isolation` reaches nothing.
    const script = `import socket; socket.create_connection(("${place("cnc").address}", 80), 2); print("up")`;
    const connect = ["/usr/bin/python3", "-c", script];
    t.is(await inHost(vm, ...connect), "up");
    t.is(await inHost(place("iso-cookie-theft-1"), ...connect), "");
    // Hosts yield to the switch, also where the kernel shares by sessions; a kernel that does not has no such file.
    const nicenesses = processesOf(lab.label).flatMap(({ pid }) => sessionNiceness(pid) ?? []);
    if (existsSync("/proc/self/autogroup"))
      t.true(nicenesses.filter((niceness) => niceness === 10).length >= places.length);
  } finally {
    t.is((await isoreplay("destroy")).status, 0);
  }
  t.is(await run.ended, 0);
  t.deepEqual(processesOf(lab.label), []);
  t.false(recordedLabs().some(({ label }) => label === lab.label));
});

test.serial("Ctrl-C takes a deployed lab down", async (t) => {
  t.timeout(3 * DEADLINE_MS);
  if (!hasMininet(t)) return;
  const { run, lab } = await deployed();
  run.kill("SIGINT");
  t.is(await run.ended, 0, run.complaint());
  t.deepEqual(processesOf(lab.label), []);
  t.false(recordedLabs().some(({ label }) => label === lab.label));
});

test("the simulator has nothing to deploy", async (t) => {
  const { status, stderr } = await isoreplay("deploy", "--lab", "sim");
  t.is(status, 64);
  t.regex(stderr, /^isoreplay: on the simulator there is nothing to deploy: .* \(/);
});

test("a dry run of deploy lists what would be made", async (t) => {
  const { status, stdout } = await isoreplay("deploy", "zeus-cookie-theft", "--dry-run");
  t.is(status, 0);
  t.regex(stdout, /^# lab zeus-cookie-theft-round-1$/m);
  t.regex(stdout, /ovs-ofctl -O OpenFlow14 --bundle replace-flows \S+private.mgmt/);
  t.regex(stdout, /^# the lab is up, until somebody ends it$/m);
});
