import { setTimeout as wait } from "node:timers/promises";
import test from "ava";
import { LabTimers } from "./lab-time.ts";
import { type Delays, keepPulse, LatenessMeter } from "./lateness.ts";
import { Punctuality } from "./punctuality.ts";

const MS = 1_000_000n;
const SPEED = 120;

/** A host on a machine whose clock stands still, but where the test moves it. */
function host(punctuality: Punctuality, name: string) {
  const clock = { nowNs: 0n };
  const meter = new LatenessMeter((delays) => punctuality.host(name, delays));
  const timers = new LabTimers({ monotonicNs: 0n, speed: SPEED }, meter, () => clock.nowNs);
  return { clock, timers };
}

test("a host whose think time ends late is measured in real time, and named", async (t) => {
  const punctuality = new Punctuality();
  const [late, punctual] = [host(punctuality, "vm-1"), host(punctuality, "vm-2")];
  const slept = Promise.all([late.timers.sleep(600), punctual.timers.sleep(600)]);
  // 600 ms of the lab's time are 5 ms; one of the two is not let run for 3.1 s.
  late.clock.nowNs = 3_105n * MS;
  punctual.clock.nowNs = 6n * MS;
  await slept;
  t.deepEqual(punctuality.list(), [{ name: "vm-1", kind: "host", latestMs: 3100, times: 1 }]);
  t.is(punctuality.counts().hostsLatestMs, 3100);
  t.is(punctuality.counts().runLatestMs, 0);
});

test("a process that only waits for others notices that it stood still", async (t) => {
  const punctuality = new Punctuality();
  const clock = { nowNs: 0n };
  const timers = new LabTimers(
    { monotonicNs: 0n, speed: 1 },
    punctuality.meter("run"),
    () => clock.nowNs,
  );
  keepPulse(timers);
  clock.nowNs = 2_250n * MS;
  await wait(400);
  timers.halt();
  t.like(punctuality.list()[0], { name: "run", kind: "run", latestMs: 2000 });
});

test("however often a host is late, it tells it a handful of times", (t) => {
  const told: Delays[] = [];
  const meter = new LatenessMeter((delays) => told.push(delays));
  for (let i = 0; i < 10_000; i++) meter.note(100 + (i % 100));
  meter.flush();
  t.deepEqual(told.at(-1), { latestMs: 199, times: 10_000 });
  t.true(told.length < 30, `${told.length} times`);
});

test("what takes less than a tenth of a second is not late", (t) => {
  const meter = new LatenessMeter(() => t.fail());
  meter.note(99);
  meter.note(-5);
  meter.flush();
  t.pass();
});

test("a host that was late before it was moved is as late as it was the worst time", (t) => {
  const punctuality = new Punctuality();
  punctuality.host("vm-1", { latestMs: 900.4, times: 7 });
  punctuality.host("vm-1", { latestMs: 200, times: 1 });
  punctuality.host("vm-2", { latestMs: 1000, times: 1 });
  t.deepEqual(punctuality.list(), [
    { name: "vm-2", kind: "host", latestMs: 1000, times: 1 },
    { name: "vm-1", kind: "host", latestMs: 900, times: 7 },
  ]);
});
