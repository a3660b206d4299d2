import type { Socket } from "../../src/base/net.ts";
import { Random } from "../../src/base/random.ts";
import { connect, type Link, type Tap } from "../link/link.ts";
import type { LinkOptions } from "../link/options.ts";
import { Scheduler } from "../scheduler.ts";
import { Host } from "./host.ts";

/** Two hosts on one link, for tests and the bench. */
export interface Pair {
  readonly scheduler: Scheduler;
  readonly alice: Host;
  readonly bob: Host;
  readonly link: Link;
}

export function pair(
  options: LinkOptions = { delayMs: 1 },
  seed: number | string = 1,
  tap?: Tap,
): Pair {
  const scheduler = new Scheduler();
  const random = Random.from(seed);
  const host = (name: string, number: number) =>
    new Host({
      name,
      mac: `52:54:00:00:00:0${number}`,
      address: `10.0.0.${number}`,
      prefixLength: 24,
      scheduler,
      random: random.fork(name),
    });
  const alice = host("alice", 1);
  const bob = host("bob", 2);
  const link = connect(scheduler, random.fork("link"), alice, bob, options, tap);
  return { scheduler, alice, bob, link };
}

/** Everything that comes until the peer closes. */
export async function readAll(socket: Socket): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await socket.read();
    if (chunk === null) return Buffer.concat(chunks);
    chunks.push(chunk);
  }
}

/** Let virtual time pass until the programs have ended. Rejects when nothing happens any more and one still waits. */
export async function play<T>(scheduler: Scheduler, ...programs: Promise<T>[]): Promise<T[]> {
  let settled = false;
  const outcome = Promise.all(programs).finally(() => {
    settled = true;
  });
  outcome.catch(() => {});
  const end = await scheduler.run({ until: () => settled });
  if (end === "idle" && !settled) throw new Error("a program waits for nothing");
  return outcome;
}
