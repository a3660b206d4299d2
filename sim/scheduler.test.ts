import test from "ava";
import fc from "fast-check";
import { type Scheduled, Scheduler } from "./scheduler.ts";

test("events happen in order of time, and in order of scheduling within one instant", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ time: fc.nat(20), cancelled: fc.boolean() }), { maxLength: 200 }),
      async (wanted) => {
        const scheduler = new Scheduler();
        const seen: number[] = [];
        const handles: Scheduled[] = wanted.map(({ time }, i) =>
          scheduler.at(time, () => seen.push(i)),
        );
        wanted.forEach(({ cancelled }, i) => {
          if (cancelled) scheduler.cancel(handles[i] as Scheduled);
        });
        t.is(await scheduler.run(), "idle");
        const expected = wanted
          .map((event, i) => ({ ...event, i }))
          .filter((event) => !event.cancelled)
          .sort((a, b) => a.time - b.time || a.i - b.i)
          .map((event) => event.i);
        t.deepEqual(seen, expected);
      },
    ),
  );
});

test("a program runs until it waits again before time goes on", async (t) => {
  const scheduler = new Scheduler();
  const log: string[] = [];
  const program = async () => {
    await scheduler.sleep(1);
    for (let i = 0; i < 50; i++) await Promise.resolve();
    log.push(`program at ${scheduler.nowNs()}`);
  };
  void program();
  scheduler.at(1_000_000, () => log.push("same instant"));
  scheduler.at(1_000_001, () => log.push("later"));
  await scheduler.run();
  t.deepEqual(log, ["same instant", "program at 1000000", "later"]);
});

test("programs that wake in one instant go on in the order in which they were woken", async (t) => {
  const scheduler = new Scheduler();
  const log: number[] = [];
  for (let i = 0; i < 20; i++) void scheduler.sleep(5).then(() => log.push(i));
  await scheduler.run();
  t.deepEqual(
    log,
    Array.from({ length: 20 }, (_, i) => i),
  );
  t.is(scheduler.turns, 2);
});

test("the run does not stop at its condition while a program is about to run", async (t) => {
  const scheduler = new Scheduler();
  let woken = false;
  let ran = false;
  scheduler.after(1, () => {
    woken = true;
    queueMicrotask(() => {
      ran = true;
    });
  });
  scheduler.at(1_000_000, () => {});
  await scheduler.run({ until: () => woken });
  t.true(ran);
});

test("events that wake nobody cost no turn of the real event loop", async (t) => {
  const scheduler = new Scheduler();
  for (let i = 0; i < 1000; i++) scheduler.at(i, () => {});
  await scheduler.run();
  t.is(scheduler.executed, 1000);
  t.is(scheduler.turns, 1);
});

test("ninety days of waiting take no time", async (t) => {
  const scheduler = new Scheduler();
  let woken = false;
  void scheduler.sleep(90 * 24 * 3600 * 1000).then(() => {
    woken = true;
  });
  await scheduler.run();
  t.true(woken);
});

test("a cancelled event leaves the queue at once", async (t) => {
  const scheduler = new Scheduler();
  for (let i = 0; i < 10_000; i++) scheduler.after(120_000, () => t.fail())();
  t.is(scheduler.pending, 0);
  t.is(await scheduler.run(), "idle");
});

test("cancelling what has happened does nothing", async (t) => {
  const scheduler = new Scheduler();
  const first = scheduler.at(1, () => {});
  let second = false;
  scheduler.at(2, () => {
    scheduler.cancel(first);
    scheduler.at(3, () => {
      second = true;
    });
  });
  await scheduler.run();
  t.true(second);
});

test("the run stops at its condition, or at its deadline, and goes on later", async (t) => {
  const scheduler = new Scheduler();
  let count = 0;
  for (let i = 1; i <= 5; i++) scheduler.at(i * 10, () => count++);
  t.is(await scheduler.run({ until: () => count === 2 }), "condition");
  t.is(scheduler.nowNumber, 20);
  t.is(await scheduler.run({ deadlineNs: 35 }), "deadline");
  t.is(count, 3);
  t.is(scheduler.nowNumber, 35);
  t.is(await scheduler.run(), "idle");
  t.is(count, 5);
});

test("an exception of an event ends the run and reaches the caller", async (t) => {
  const scheduler = new Scheduler();
  scheduler.at(1, () => {
    throw new Error("broken");
  });
  await t.throwsAsync(scheduler.run(), { message: "broken" });
  t.is(await scheduler.run(), "idle");
});
