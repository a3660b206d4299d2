import type { Random } from "../../src/base/random.ts";
import { HOST_LIMITS } from "./host-limits.ts";

const { ephemeralPortMin: MIN, ephemeralPortMax: MAX } = HOST_LIMITS;

/** Ephemeral ports, one after another from a random one on. */
export class PortPool {
  #next: number;

  constructor(random: Random) {
    this.#next = random.int(MIN, MAX);
  }

  /** The next port that is free; null where none is. */
  choose(free: (port: number) => boolean): number | null {
    for (let tried = MIN; tried <= MAX; tried++) {
      const port = this.#next;
      this.#next = port === MAX ? MIN : port + 1;
      if (free(port)) return port;
    }
    return null;
  }
}
