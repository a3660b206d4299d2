import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import test from "ava";
import { type RunningCommand, runCommand, startCommand } from "../../src/base/command.ts";
import type { Figure11Report } from "../../src/reproduce/claim.ts";
import { isoreplay, PROGRAM } from "../cli.fixture.ts";
import { hasGuest } from "../labs.fixture.ts";

// A guest whose kernel has Open vSwitch's datapath. It is built at the first use; its processor is emulated where there
// is no other way.
const BUILD_MS_MAX = 10 * 60_000;
const RUN_MS_MAX = 15 * 60_000;
const END_MS_MAX = 20_000;

test.serial(
  "the loop closes on the kernel's datapath, and the kernel commits as in figure 11",
  async (t) => {
    t.timeout(BUILD_MS_MAX + RUN_MS_MAX);
    if (!hasGuest(t)) return;
    const { status, stdout, stderr } = await isoreplay("reproduce", "fig11", "--json");
    t.is(status, 0, stderr);
    const report = JSON.parse(stdout) as Figure11Report;
    t.is(report.verdict, "pass");
    t.is(report.run.overall, "pass", report.run.complaint);
    t.true(report.run.isKernelDatapath);
    t.deepEqual(
      report.steps.map((step) => [step.function, step.seen !== "missing"]),
      [
        ["do_execute_actions", true],
        ["ovs_ct_execute", true],
        ["ovs_ct_commit", true],
        ["__ovs_ct_lookup", true],
        ["nf_conntrack_confirm", true],
      ],
    );
    t.true(report.connections.length > 0);
    t.log(
      `Linux ${report.kernel}: up after ${report.guest.bootS} s, ${report.guest.totalS} s in all`,
    );
  },
);

/** The guests that a program runs. */
async function guestsOf({ pid }: RunningCommand): Promise<string[]> {
  const pattern = `isoreplay-guest-${pid}-.*result.tar`;
  const { stdout } = await runCommand("pgrep", ["-f", pattern], { okStatus: [0, 1] });
  return stdout.split("\n").filter((line) => line !== "");
}

async function startGuest(): Promise<RunningCommand> {
  const run = await startCommand(process.execPath, [PROGRAM, "reproduce", "fig11"]);
  run.stdout.resume();
  let isOver = false;
  void run.ended.then(() => {
    isOver = true;
  });
  while ((await guestsOf(run)).length === 0) {
    if (isOver) throw new Error(`there was no guest: ${run.complaint()}`);
    await wait(200);
  }
  return run;
}

async function leftoversOf(...runs: readonly RunningCommand[]): Promise<string[]> {
  const names = await readdir(tmpdir());
  return names.filter((name) => runs.some(({ pid }) => name.startsWith(`isoreplay-guest-${pid}-`)));
}

test.serial("a guest ends with the program, even one that is killed", async (t) => {
  t.timeout(BUILD_MS_MAX);
  if (!hasGuest(t)) return;
  const killed = await startGuest();
  killed.kill("SIGKILL");
  await killed.ended;
  const deadline = Date.now() + END_MS_MAX;
  while ((await guestsOf(killed)).length > 0 && Date.now() < deadline) await wait(100);
  t.deepEqual(await guestsOf(killed), []);
  t.is((await leftoversOf(killed)).length, 1);
  // What it has left in the temporary folder goes when the next one begins.
  const stopped = await startGuest();
  stopped.kill("SIGTERM");
  t.is(await stopped.ended, 143);
  t.deepEqual(await leftoversOf(killed, stopped), []);
});
