import type { Effect } from "../../src/host/guest.ts";
import type { ProgramEvent } from "../../src/host/host.ts";
import type { Watch } from "../../src/run/lab.ts";
import type { Delays } from "./lateness.ts";

/** What the hosts of a lab have to tell. */
export interface HostEvents {
  readonly onEvent: (host: string, timeNs: bigint, event: ProgramEvent) => void;
  readonly onEffect: (host: string, effect: Effect) => void;
  /** How late the host did what it had planned, so far since it was switched on. */
  readonly onLate: (host: string, delays: Delays) => void;
  /** A program threw what it should have handled, or an agent died: the run cannot be trusted any more. */
  readonly onCrash: (error: unknown) => void;
}

/**
 * Shows a watch what happens on a real lab, and ends the experiment when the lab fails or when the watch throws, for
 * instance because the disk is full: half of the evidence is none.
 */
export class GuardedWatch {
  readonly #watch: Watch;
  readonly #failed = Promise.withResolvers<never>();
  /** The watch has failed: nothing more is shown to it. */
  #isBlind = false;

  constructor(watch: Watch) {
    this.#watch = watch;
    // Awaited while the experiment runs; until then a failure must not count as unhandled.
    this.#failed.promise.catch(() => {});
  }

  /** End the experiment. */
  readonly fail = (error: unknown): void => this.#failed.reject(error);

  readonly frame: Watch["frame"] = (...seen) => this.#show(() => this.#watch.frame(...seen));

  /** What hosts tell is shown, but for how late they were: `onLate`. */
  events(onLate: HostEvents["onLate"]): HostEvents {
    return {
      onEvent: (...told) => this.#show(() => this.#watch.event(...told)),
      onEffect: (...told) => this.#show(() => this.#watch.effect(...told)),
      onLate,
      onCrash: this.fail,
    };
  }

  /** What the experiment gives. Rejects as soon as something has failed. */
  until<T>(experiment: Promise<T>): Promise<T> {
    return Promise.race([experiment, this.#failed.promise]);
  }

  #show(what: () => void): void {
    if (this.#isBlind) return;
    try {
      what();
    } catch (error) {
      this.#isBlind = true;
      this.fail(error);
    }
  }
}
