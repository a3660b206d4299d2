import { ownEnvironment } from "../../src/base/command.ts";
import type { Watch } from "../../src/run/lab.ts";
import type { TapName } from "../../src/run/plan.ts";
import type { CaptureClock } from "../host/capture-clock.ts";
import { Tap, type TappedFrame } from "../packets/tap.ts";
import { here } from "./analysis-port.ts";

interface OpenTap {
  readonly tap: Tap;
  readonly interface: string;
}

/** Captures at the switch's ends of cables. Those of servers come and go with them. */
export class Taps {
  readonly #clock: CaptureClock;
  readonly #onFrame: Watch["frame"];
  readonly #open = new Map<string, OpenTap>();
  /** Lost by captures that are closed. */
  #lost = 0;
  frames = 0;

  constructor(clock: CaptureClock, onFrame: Watch["frame"]) {
    this.#clock = clock;
    this.#onFrame = onFrame;
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
    const labNs = this.#clock.labNs(timeNs);
    if (labNs !== null) this.#onFrame(name, { timeNs: labNs, bytes }, towards);
  }
}
