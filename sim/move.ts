import type { MoveMethod, MoveRecord } from "../src/run/lab.ts";
import { hashVolume, type Machine } from "./machine.ts";
import type { Scheduler } from "./scheduler.ts";

/** How long each step of a move takes, milliseconds of virtual time; the order of magnitude of a small image on OpenStack. */
const STEP_MS = {
  "stop the instance": 2000,
  "detach its volume": 1500,
  "attach the volume to the isolation instance": 1500,
  "take a snapshot": 6000,
  "make a volume from the snapshot": 4000,
  "delete the instance": 1000,
  "boot the isolation instance": 4000,
} as const;

/**
 * Move an instance onto `isolation` (paper: volume move, or migration by snapshot). Both begin with a stop, so memory is
 * lost either way; what survives is on the volume, and its hash shows that it arrived whole.
 */
export async function move(
  scheduler: Scheduler,
  instance: Machine,
  target: Machine,
  method: MoveMethod,
): Promise<MoveRecord> {
  const startNs = scheduler.nowNs();
  const steps: string[] = [];
  const step = (name: keyof typeof STEP_MS) => {
    steps.push(name);
    return scheduler.sleep(STEP_MS[name]);
  };

  target.powerOff();
  // It runs on until it has stopped: what it sends meanwhile is the cut's to hold back.
  await step("stop the instance");
  instance.powerOff();
  const original = instance.detach();
  const hashBefore = hashVolume(original);
  switch (method) {
    case "volume-move":
      await step("detach its volume");
      await step("attach the volume to the isolation instance");
      target.attach(original);
      break;
    case "migration":
      await step("take a snapshot");
      await step("make a volume from the snapshot");
      target.attach(structuredClone(original));
      await step("delete the instance");
      break;
  }
  const { volume } = target;
  if (volume === null) throw new Error(`${target.plan.name} got no volume`);
  const hashAfter = hashVolume(volume);
  await step("boot the isolation instance");
  target.boot();
  return {
    method,
    startNs,
    endNs: scheduler.nowNs(),
    hashBefore,
    hashAfter,
    memoryLost: true,
    steps,
  };
}
