import { elapsedMs } from "../../src/base/clock.ts";
import type { Watch } from "../../src/run/lab.ts";
import type { TapName } from "../../src/run/plan.ts";
import type { LabEpoch } from "../host/lab-time.ts";
import type { LatenessMeter } from "../host/lateness.ts";
import { Tap, type TappedFrame } from "../packets/tap.ts";
import { here, ownEnvironment } from "./analysis-port.ts";

interface OpenTap {
  readonly tap: Tap;
  readonly interface: string;
}

/** Captures at the switch's ends of cables. Those of servers come and go with them. */
export class Taps {
  readonly #epoch: LabEpoch;
  readonly #lateness: LatenessMeter;
  readonly #onFrame: Watch["frame"];
  readonly #open = new Map<string, OpenTap>();
  /** The real-time clock's nanoseconds at the lab's zero. */
  readonly #realtimeNs: bigint;
  /** Lost by captures that are closed. */
  #lost = 0;
  frames = 0;

  constructor(epoch: LabEpoch, lateness: LatenessMeter, onFrame: Watch["frame"]) {
    this.#epoch = epoch;
    this.#lateness = lateness;
    this.#onFrame = onFrame;
    const sinceZeroNs = process.hrtime.bigint() - epoch.monotonicNs;
    const nowNs = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
    this.#realtimeNs = nowNs - sinceZeroNs;
  }

  get interfaces(): string[] {
    return [...this.#open.values()].map((one) => one.interface);
  }

  /** `key`: by which it is closed. Resolves when nothing is missed any more. */
  async open(name: TapName, device: string, key: string = device): Promise<void> {
    const show = (frame: TappedFrame) => this.#seen(name, frame);
    const tap = await Tap.start(here, ownEnvironment(), [device], show);
    this.#open.set(key, { tap, interface: device });
  }

  /** Its interface has gone, or is about to. */
  async close(key: string): Promise<void> {
    const one = this.#open.get(key);
    if (one === undefined) return;
    this.#open.delete(key);
    this.#lost += await one.tap.drained();
    await one.tap.stop();
  }

  /** Resolves when everything that has passed was shown, with the number of frames that were lost so far. */
  async drained(): Promise<number> {
    const lost = await Promise.all([...this.#open.values()].map(({ tap }) => tap.drained()));
    return lost.reduce((sum, one) => sum + one, this.#lost);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ tap }) => tap.stop()));
    this.#open.clear();
  }

  #seen(name: TapName, { towards, timeNs, bytes }: TappedFrame): void {
    this.frames++;
    const elapsed = timeNs - this.#realtimeNs;
    // Before the lab's time began there was nothing to see.
    if (elapsed < 0n) return;
    const labNs = (elapsed * BigInt(Math.round(this.#epoch.speed * 1000))) / 1000n;
    this.#lateness.note(elapsedMs(elapsed, process.hrtime.bigint() - this.#epoch.monotonicNs));
    this.#onFrame(name, { timeNs: labNs, bytes }, towards);
  }
}
