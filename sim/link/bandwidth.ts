import { LINK_LIMITS } from "../../src/base/limits.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Pipe } from "./nic.ts";
import type { LinkCounts, LinkOptions } from "./options.ts";

/** A line that takes time for each bit, with a queue before it. */
export function bandwidth(
  scheduler: Scheduler,
  options: LinkOptions,
  counts: LinkCounts,
  next: Pipe,
): Pipe {
  const { bandwidthBps, queueFramesMax = LINK_LIMITS.queueFramesMax } = options;
  if (bandwidthBps === undefined) return next;
  let freeNs = 0;
  let waiting = 0;
  const through = (bytes: Uint8Array) => {
    waiting--;
    next(bytes);
  };
  return (bytes) => {
    if (waiting >= queueFramesMax) {
      counts.overflowed++;
      return;
    }
    waiting++;
    freeNs = Math.max(freeNs, scheduler.nowNumber) + (bytes.length * 8e9) / bandwidthBps;
    scheduler.at(freeNs, through, bytes);
  };
}
