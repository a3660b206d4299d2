import type { Random } from "../../src/base/random.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Pipe } from "./nic.ts";
import type { LinkCounts, LinkOptions } from "./options.ts";

/** How long a frame is held back where the options do not say. */
const REORDERING_MS_MAX = 5;

/** Loses, doubles and holds back frames. Draws nothing for a fault that is switched off. */
export function faults(
  scheduler: Scheduler,
  random: Random,
  options: LinkOptions,
  counts: LinkCounts,
  next: Pipe,
): Pipe {
  const { loss = 0, duplication = 0, reordering = 0 } = options;
  const heldNsMax = (options.reorderingMsMax ?? REORDERING_MS_MAX) * 1e6;
  if (loss === 0 && duplication === 0 && reordering === 0) return next;

  const pass = (bytes: Uint8Array) => {
    if (reordering > 0 && random.chance(reordering)) {
      counts.reordered++;
      scheduler.post(scheduler.nowNumber + random.float() * heldNsMax, next, bytes);
      return;
    }
    next(bytes);
  };
  return (bytes) => {
    if (loss > 0 && random.chance(loss)) {
      counts.lost++;
      return;
    }
    if (duplication > 0 && random.chance(duplication)) {
      counts.duplicated++;
      pass(bytes);
    }
    pass(bytes);
  };
}
