import test from "ava";
import { Random } from "../../src/base/random.ts";
import { Scheduler } from "../scheduler.ts";
import { connect, type LinkEnd } from "./link.ts";
import type { Nic } from "./nic.ts";
import type { LinkOptions } from "./options.ts";

interface Arrival {
  readonly number: number;
  readonly timeNs: number;
}

class Station implements Nic {
  onSend: ((bytes: Uint8Array) => void) | null = null;
  readonly arrivals: Arrival[] = [];
  readonly #scheduler: Scheduler;
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }
  receive(bytes: Uint8Array): void {
    const number = new DataView(bytes.buffer).getUint32(0);
    this.arrivals.push({ number, timeNs: this.#scheduler.nowNumber });
  }
  send(number: number, length = 100): void {
    const bytes = new Uint8Array(length);
    new DataView(bytes.buffer).setUint32(0, number);
    this.onSend?.(bytes);
  }
  get numbers(): number[] {
    return this.arrivals.map((arrival) => arrival.number);
  }
}

/** Two stations on a link. `a` sends `count` frames, one each 10 µs. */
async function send(count: number, options: LinkOptions, seed = 1, length = 100) {
  const scheduler = new Scheduler();
  const a = new Station(scheduler);
  const b = new Station(scheduler);
  const link = connect(scheduler, Random.from(seed), a, b, options);
  for (let i = 0; i < count; i++) scheduler.at(i * 10_000, () => a.send(i, length));
  await scheduler.run();
  return { arrivals: b.arrivals, numbers: b.numbers, counts: link.counts.b };
}

const inOrder = (count: number) => Array.from({ length: count }, (_, i) => i);

test("a link without faults delivers each frame once, in order, after the delay", async (t) => {
  const { numbers, arrivals } = await send(100, { delayMs: 2 });
  t.deepEqual(numbers, inOrder(100));
  t.is(arrivals[7]?.timeNs, 2_000_000 + 70_000);
});

test("jitter changes when frames arrive, never their order", async (t) => {
  const { numbers, arrivals } = await send(500, { delayMs: 1, jitterMs: 5 });
  t.deepEqual(numbers, inOrder(500));
  t.true(arrivals.every(({ timeNs, number }) => timeNs >= number * 10_000 + 1_000_000));
});

test("frames are lost as often as asked", async (t) => {
  const { numbers, counts } = await send(10_000, { loss: 0.2 });
  t.is(numbers.length + counts.lost, 10_000);
  t.true(Math.abs(counts.lost - 2000) < 200);
});

test("frames are doubled as often as asked", async (t) => {
  const { numbers, counts } = await send(10_000, { duplication: 0.1 });
  t.is(numbers.length, 10_000 + counts.duplicated);
  t.true(Math.abs(counts.duplicated - 1000) < 150);
});

test("reordering lets later frames overtake, and loses none", async (t) => {
  const { numbers, counts } = await send(1000, { reordering: 0.1, reorderingMsMax: 1 });
  t.notDeepEqual(numbers, inOrder(1000));
  t.deepEqual(
    [...numbers].sort((a, b) => a - b),
    inOrder(1000),
  );
  t.true(counts.reordered > 50);
});

test("a slow line takes time for each bit, and its queue has an end", async (t) => {
  // 1000 bytes at 8 Mbit/s take 1 ms; 100 frames come within 1 ms.
  const { numbers, arrivals, counts } = await send(
    100,
    { bandwidthBps: 8_000_000, queueFramesMax: 20 },
    1,
    1000,
  );
  t.deepEqual(numbers, inOrder(20));
  t.is(arrivals[0]?.timeNs, 1_000_000);
  t.is(arrivals[19]?.timeNs, 20_000_000);
  t.is(counts.overflowed, 80);
});

test("the same seed gives the same faults, another seed others", async (t) => {
  const options = { delayMs: 1, jitterMs: 1, loss: 0.1, duplication: 0.1, reordering: 0.1 };
  const first = await send(500, options, 5);
  t.deepEqual((await send(500, options, 5)).arrivals, first.arrivals);
  t.notDeepEqual((await send(500, options, 6)).arrivals, first.arrivals);
});

test("a cut link delivers nothing more, not even what is in flight", async (t) => {
  const scheduler = new Scheduler();
  const a = new Station(scheduler);
  const b = new Station(scheduler);
  const link = connect(scheduler, Random.from(1), a, b, { delayMs: 1 });
  for (let i = 0; i < 10; i++) scheduler.at(i * 1_000_000, () => a.send(i));
  scheduler.at(4_500_000, () => link.cut());
  await scheduler.run();
  t.deepEqual(b.numbers, [0, 1, 2, 3]);
  t.is(link.counts.b.cut, 1);
  t.false(link.connected);
});

test("a device that was unplugged can be plugged in elsewhere", async (t) => {
  const scheduler = new Scheduler();
  const [a, b, c] = [new Station(scheduler), new Station(scheduler), new Station(scheduler)];
  const first = connect(scheduler, Random.from(1), a, b);
  t.throws(() => connect(scheduler, Random.from(1), a, c), { message: /plugged in already/ });
  first.cut();
  connect(scheduler, Random.from(1), a, c);
  a.send(1);
  await scheduler.run();
  t.deepEqual([b.numbers, c.numbers], [[], [1]]);
});

for (const at of ["a", "b"] as const) {
  test(`a tap at end ${at} sees both directions as a capture there would`, async (t) => {
    const scheduler = new Scheduler();
    const a = new Station(scheduler);
    const b = new Station(scheduler);
    const seen: { timeNs: bigint; towards: LinkEnd }[] = [];
    connect(
      scheduler,
      Random.from(1),
      a,
      b,
      { delayMs: 1, loss: 1 },
      { at, frame: ({ timeNs }, towards) => seen.push({ timeNs, towards }) },
    );
    a.send(1);
    b.send(2);
    await scheduler.run();
    // Everything is lost on the way, so only what the end itself sends is seen.
    t.deepEqual(seen, [{ timeNs: 0n, towards: at === "a" ? "b" : "a" }]);
  });
}
