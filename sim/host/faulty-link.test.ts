import { createHash } from "node:crypto";
import test from "ava";
import fc from "fast-check";
import { type Network, type Socket, SocketError } from "../../src/base/net.ts";
import { Random } from "../../src/base/random.ts";
import type { LinkOptions } from "../link/options.ts";
import type { Host } from "./host.ts";
import { pair, play, readAll } from "./test-lab.ts";

const BAD: LinkOptions = {
  delayMs: 5,
  jitterMs: 5,
  loss: 0.2,
  duplication: 0.1,
  reordering: 0.2,
  reorderingMsMax: 30,
};

/** One side of a conversation: writes in pieces, closes, reads what the other wrote. */
async function converse(socket: Socket, host: Host, bytes: Uint8Array, pieceBytes: number) {
  const write = async () => {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      await socket.write(bytes.subarray(at, at + pieceBytes));
      if (at % 5 === 0) await host.timers.sleep(1);
    }
    socket.end();
  };
  const [got] = await Promise.all([readAll(socket), write()]);
  return got;
}

/** A connection over a link that has seen better days; an attempt to connect that fails is made again. */
async function connectStubbornly(network: Network): Promise<Socket> {
  for (;;) {
    try {
      return await network.connect({ address: "10.0.0.2", port: 80 });
    } catch (error) {
      // ARP asks only three times: with so much loss nobody may answer.
      if (!(error instanceof SocketError)) throw error;
    }
  }
}

async function exchange(
  seed: number,
  options: LinkOptions,
  there: Uint8Array,
  back: Uint8Array,
  piece: number,
) {
  const { scheduler, alice, bob } = pair(options, seed);
  const [gotBack, gotThere] = await play(
    scheduler,
    connectStubbornly(alice.network).then((socket) => converse(socket, alice, there, piece)),
    bob.network
      .listen(80)
      .accept()
      .then((socket) => converse(socket, bob, back, piece)),
  );
  return { gotBack, gotThere, scheduler, alice, bob };
}

test("any bytes arrive complete and in order, both ways, whatever the link does", async (t) => {
  const probability = fc.integer({ min: 0, max: 20 }).map((percent) => percent / 100);
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        seed: fc.nat(),
        thereBytes: fc.integer({ min: 0, max: 100_000 }),
        backBytes: fc.integer({ min: 0, max: 100_000 }),
        pieceBytes: fc.integer({ min: 500, max: 60_000 }),
        loss: probability,
        duplication: probability,
        reordering: probability,
        delayMs: fc.constantFrom(0, 1, 40),
        jitterMs: fc.constantFrom(0, 20),
      }),
      async ({ seed, thereBytes, backBytes, pieceBytes, ...options }) => {
        const there = Random.from(seed).fork("there").bytes(thereBytes);
        const back = Random.from(seed).fork("back").bytes(backBytes);
        const { gotBack, gotThere } = await exchange(seed, options, there, back, pieceBytes);
        t.is(Buffer.compare(gotThere as Uint8Array, there), 0);
        t.is(Buffer.compare(gotBack as Uint8Array, back), 0);
      },
    ),
    { numRuns: 150 },
  );
});

test("200 seeds of a link that loses every fifth frame: nothing is missing, nothing stays behind", async (t) => {
  for (let seed = 0; seed < 200; seed++) {
    const there = Random.from(seed).fork("there").bytes(30_000);
    const back = Random.from(seed).fork("back").bytes(20_000);
    const { gotBack, gotThere, scheduler, alice, bob } = await exchange(
      seed,
      BAD,
      there,
      back,
      7_000,
    );
    t.is(Buffer.compare(gotThere as Uint8Array, there), 0, `seed ${seed}`);
    t.is(Buffer.compare(gotBack as Uint8Array, back), 0, `seed ${seed}`);
    await scheduler.run();
    t.is(alice.connectionCount + bob.connectionCount, 0, `seed ${seed}`);
    t.is(scheduler.pending, 0);
  }
});

test("a slow line with a short queue slows the transfer down and does not break it", async (t) => {
  const bytes = Random.from(1).bytes(500_000);
  const options = { delayMs: 20, bandwidthBps: 10_000_000, queueFramesMax: 20 };
  const { gotThere, scheduler } = await exchange(1, options, bytes, new Uint8Array(1), 60_000);
  t.is(Buffer.compare(gotThere as Uint8Array, bytes), 0);
  // 4 Mbit at 10 Mbit/s: not faster than the line, and more than a third of it.
  const seconds = scheduler.nowNumber / 1e9;
  t.true(seconds > 0.4 && seconds < 1.3, `${seconds} s`);
});

/** Hash of all frames of a conversation with their times. */
async function fingerprint(seed: number): Promise<string> {
  const hash = createHash("sha256");
  const { scheduler, alice, bob } = pair(BAD, seed, {
    frame: ({ timeNs, bytes }, towards) => hash.update(`${timeNs} ${towards}`).update(bytes),
  });
  const bytes = new Uint8Array(60_000).fill(7);
  await play(
    scheduler,
    connectStubbornly(alice.network).then((socket) => converse(socket, alice, bytes, 9_000)),
    bob.network
      .listen(80)
      .accept()
      .then((socket) => converse(socket, bob, bytes, 8_000)),
  );
  await scheduler.run();
  return hash.digest("hex");
}

test("the same seed gives the same frames at the same times, byte for byte; another seed others", async (t) => {
  const first = await fingerprint(1);
  t.is(await fingerprint(1), first);
  t.not(await fingerprint(2), first);
});
