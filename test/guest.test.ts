import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import test from "ava";
import { runCommand, startCommand } from "../src/base/command.ts";
import type { Figure11Report } from "../src/reproduce/claim.ts";
import { isoreplay, PROGRAM } from "./cli.fixture.ts";
import { hasGuest } from "./labs.fixture.ts";

// A guest whose kernel has Open vSwitch's datapath. It is built at the first use; its processor is emulated where there
// is no other way.
const BUILD_MS_MAX = 10 * 60_000;
const RUN_MS_MAX = 10 * 60_000;

const workFolders = async () =>
  (await readdir(tmpdir())).filter((name) => name.startsWith(`isoreplay-guest-`));

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

test.serial("a guest ends with the program, even one that is killed", async (t) => {
  t.timeout(BUILD_MS_MAX);
  if (!hasGuest(t)) return;
  const run = await startCommand(process.execPath, [PROGRAM, "reproduce", "fig11"]);
  run.stdout.resume();
  const guest = async () => {
    const { stdout } = await runCommand(
      "pgrep",
      ["-f", `isoreplay-guest-${run.pid}-.*result.tar`],
      {
        okStatus: [0, 1],
      },
    );
    return stdout.split("\n").filter((line) => line !== "");
  };
  const deadline = Date.now() + BUILD_MS_MAX / 2;
  while ((await guest()).length === 0 && Date.now() < deadline) await wait(100);
  t.not((await guest()).length, 0, run.complaint());
  run.kill("SIGKILL");
  await run.ended;
  await wait(1000);
  t.deepEqual(await guest(), []);
  // What it has left in the temporary folder goes when the next one begins.
  t.true((await workFolders()).some((name) => name.startsWith(`isoreplay-guest-${run.pid}-`)));
  const next = await startCommand(process.execPath, [PROGRAM, "reproduce", "fig11"]);
  next.stdout.resume();
  while (!(await workFolders()).some((name) => name.startsWith(`isoreplay-guest-${next.pid}-`)))
    await wait(100);
  next.kill("SIGTERM");
  t.is(await next.ended, 143);
  t.deepEqual(
    (await workFolders()).filter((name) =>
      [run.pid, next.pid].some((pid) => name.startsWith(`isoreplay-guest-${pid}-`)),
    ),
    [],
  );
});
