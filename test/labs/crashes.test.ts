import test, { type ExecutionContext } from "ava";
import { runCommand } from "../../src/base/command.ts";
import { isoreplay } from "../cli.fixture.ts";
import { hasMininet, isAskedFor } from "../labs.fixture.ts";
import {
  DEADLINE_MS,
  journalSays,
  labOf,
  labWhen,
  leftovers,
  processesEnd,
  startLoop,
  surroundings,
} from "./crashes.fixture.ts";

// A lab writes down what it is about to make, before it makes it. However far it was when it was ended, nothing stays.
const SIGNALS = ["SIGKILL", "SIGTERM", "SIGINT"] as const;
type Signal = (typeof SIGNALS)[number];

/** End a run after so many entries of its journal, and look what is left. False: its journal never had so many. */
async function crash(t: ExecutionContext, signal: Signal, step: number): Promise<boolean> {
  const before = await surroundings();
  const run = await startLoop();
  run.stdout.resume();
  const label = await labWhen(run, ({ length }) => length >= step);
  run.kill(signal);
  await run.ended;
  // Even before anybody cleans up the kernel has ended all that was inside the lab's namespaces.
  if (label !== null) await processesEnd(label);
  const what = `${signal} after ${step} entries`;
  t.is((await isoreplay("destroy")).status, 0, what);
  t.deepEqual(leftovers(), [], what);
  t.deepEqual(await surroundings(), before, what);
  return label !== null;
}

for (const [signal, steps] of [
  ["SIGKILL", [1, 2, 3, 6, 30, 40, 65]],
  ["SIGTERM", [2, 45]],
  ["SIGINT", [40]],
] as const) {
  for (const step of steps) {
    test.serial(
      `${signal} after ${step} entries of the journal leaves nothing that destroy does not find`,
      async (t) => {
        t.timeout(3 * DEADLINE_MS);
        if (!hasMininet(t)) return;
        t.true(await crash(t, signal, step));
      },
    );
  }
}

test.serial("after every entry of the journal, with the signals in turn", async (t) => {
  if (!isAskedFor(t, "crashes") || !hasMininet(t)) return;
  // All signals after each entry, in three runs of this test: each begins with another one.
  const first = Number(process.env.ISOREPLAY_TEST_CRASHES) || 0;
  let step = 0;
  do {
    step++;
    t.timeout(3 * DEADLINE_MS, `entry ${step}`);
  } while (await crash(t, SIGNALS[(first + step) % SIGNALS.length]!, step));
  t.log(`${step - 1} entries`);
  t.true(step > 60);
});

test.serial(
  "what is somebody else's stays when labs are destroyed, and so does a lab in use",
  async (t) => {
    t.timeout(3 * DEADLINE_MS);
    if (!hasMininet(t)) return;
    await runCommand("ip", ["netns", "add", "isoreplay-other"]);
    await runCommand("ip", ["link", "add", "other0", "type", "bridge"]);
    try {
      const before = await surroundings();
      const run = await startLoop();
      run.stdout.resume();
      const label = await journalSays(run, "entry 40", ({ length }) => length >= 40);
      const spared = await isoreplay("destroy");
      t.regex(spared.stderr, /labs? in use: left alone/);
      t.is(labOf(run)?.label, label);
      t.is((await isoreplay("destroy", "--all")).status, 64);
      t.is((await isoreplay("destroy", "--all", "-y")).status, 0);
      await processesEnd(label);
      // It says that its lab was taken from it, and does not hang.
      t.is(await run.ended, 69);
      t.deepEqual(leftovers(), []);
      t.deepEqual(await surroundings(), before);
    } finally {
      await runCommand("ip", ["link", "del", "other0"]);
      await runCommand("ip", ["netns", "del", "isoreplay-other"]);
    }
  },
);
