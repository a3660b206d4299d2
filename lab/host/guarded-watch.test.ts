import test from "ava";
import type { Watch } from "../../src/run/lab.ts";
import { GuardedWatch } from "./guarded-watch.ts";

const FRAME = { timeNs: 1n, bytes: new Uint8Array(14) };
const silent = { frame: () => {}, event: () => {}, effect: () => {} } satisfies Watch;

test("what an experiment gives is handed on", async (t) => {
  t.is(await new GuardedWatch(silent).until(Promise.resolve(7)), 7);
});

test("a watch that cannot keep its evidence ends the experiment, and is shown nothing more", async (t) => {
  let shown = 0;
  const full = {
    ...silent,
    frame: () => {
      shown++;
      throw new Error("no space left");
    },
  };
  const watch = new GuardedWatch(full);
  const experiment = watch.until(new Promise(() => {}));
  watch.frame("uplink", FRAME, "device");
  watch.frame("uplink", FRAME, "device");
  await t.throwsAsync(experiment, { message: "no space left" });
  t.is(shown, 1);
});

test("a host that crashes ends the experiment, one that is late does not", async (t) => {
  const late: string[] = [];
  const watch = new GuardedWatch(silent);
  const events = watch.events((host) => late.push(host));
  events.onLate("bot", { latestMs: 200, times: 1 });
  t.is(await watch.until(Promise.resolve("done")), "done");
  events.onCrash(new Error("its agent died"));
  await t.throwsAsync(watch.until(new Promise(() => {})), { message: "its agent died" });
  t.deepEqual(late, ["bot"]);
});
