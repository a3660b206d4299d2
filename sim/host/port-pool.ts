import { type Endpoint, formatEndpoint } from "../../src/base/net.ts";
import type { Random } from "../../src/base/random.ts";
import { parseIpv4Address } from "../../src/wire/ip-address.ts";
import { HOST } from "./host-parameters.ts";

const { ephemeralPortMin: MIN, ephemeralPortMax: MAX } = HOST;

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

/** Throws RangeError for what is no IPv4 address, or no port. */
export function checkEndpoint(endpoint: Endpoint): void {
  const { address, port } = endpoint;
  if (parseIpv4Address(address) === null || !Number.isInteger(port) || port < 1 || port > 0xffff) {
    throw new RangeError(`not an IPv4 address and port: ${formatEndpoint(endpoint)}`);
  }
}
