import type { Random } from "../../src/base/random.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Pipe } from "./nic.ts";
import type { LinkOptions } from "./options.ts";

/** Frames arrive later, and in the order in which they were sent. */
export function delay(
  scheduler: Scheduler,
  random: Random,
  options: LinkOptions,
  next: Pipe,
): Pipe {
  const delayNs = (options.delayMs ?? 0) * 1e6;
  const jitterNs = (options.jitterMs ?? 0) * 1e6;
  let lastNs = 0;
  return (bytes) => {
    const jitter = jitterNs > 0 ? random.float() * jitterNs : 0;
    lastNs = Math.max(lastNs, scheduler.nowNumber + delayNs + jitter);
    // Through the queue even without delay: a frame never arrives inside the call that sent it.
    scheduler.post(lastNs, next, bytes);
  };
}
