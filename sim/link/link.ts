import type { Random } from "../../src/base/random.ts";
import type { Frame } from "../../src/wire/frame.ts";
import type { Scheduler } from "../scheduler.ts";
import { bandwidth } from "./bandwidth.ts";
import { delay } from "./delay.ts";
import { faults } from "./faults.ts";
import type { Nic, Pipe } from "./nic.ts";
import { type LinkCounts, type LinkOptions, noCounts } from "./options.ts";

/** An end of a link, as `connect` was called. */
export type LinkEnd = "a" | "b";

/**
 * Sees each frame at one end of a link as a capture on that end would: what goes out before the link can lose it, what
 * comes in when it arrives.
 */
export interface Tap {
  /** Where it sits; by default at `b`. */
  readonly at?: LinkEnd;
  frame(frame: Frame, towards: LinkEnd): void;
}

export interface Link {
  /** By direction, named after the end that frames go to. */
  readonly counts: { readonly a: Readonly<LinkCounts>; readonly b: Readonly<LinkCounts> };
  readonly connected: boolean;
  /** Unplug both ends at once: frames in flight are lost. */
  cut(): void;
}

/**
 * Plug two interfaces together. On its way a frame goes through the line's bandwidth, its faults, and its delay; each
 * direction draws from its own stream of `random`.
 */
export function connect(
  scheduler: Scheduler,
  random: Random,
  a: Nic,
  b: Nic,
  options: LinkOptions = {},
  tap?: Tap,
): Link {
  if (a.onSend !== null || b.onSend !== null) {
    throw new Error("an interface is plugged in already: cut its link first");
  }
  const counts = { a: noCounts(), b: noCounts() };
  let connected = true;

  const direction = (to: Nic, end: LinkEnd): Pipe => {
    const count = counts[end];
    const draws = random.fork(`to-${end}`);
    const observe = tap === undefined ? null : observer(scheduler, tap, end);
    const seesArrivals = (tap?.at ?? "b") === end;
    const deliver: Pipe = (bytes) => {
      if (!connected) {
        count.cut++;
        return;
      }
      count.delivered++;
      if (seesArrivals) observe?.(bytes);
      to.receive(bytes);
    };
    const delayed = delay(scheduler, draws, options, deliver);
    const faulty = faults(scheduler, draws, options, count, delayed);
    const line = bandwidth(scheduler, options, count, faulty);
    return (bytes) => {
      count.sent++;
      if (!connected) {
        count.cut++;
        return;
      }
      if (!seesArrivals) observe?.(bytes);
      line(bytes);
    };
  };

  const toB = direction(b, "b");
  const toA = direction(a, "a");
  a.onSend = toB;
  b.onSend = toA;
  return {
    counts,
    get connected() {
      return connected;
    },
    cut() {
      if (!connected) return;
      connected = false;
      if (a.onSend === toB) a.onSend = null;
      if (b.onSend === toA) b.onSend = null;
    },
  };
}

function observer(scheduler: Scheduler, tap: Tap, towards: LinkEnd): Pipe {
  return (bytes) => tap.frame({ timeNs: scheduler.nowNs(), bytes }, towards);
}
