import { InputError } from "../../src/base/errors.ts";
import { PORT, type PortRef } from "../../src/rule/port.ts";

/** The ports of a bridge by number and by name. */
export class Ports {
  readonly #bridge: string;
  readonly #byNumber = new Map<number, string>();
  readonly #byName = new Map<string, number>();

  constructor(bridge: string) {
    this.#bridge = bridge;
  }

  get numbers(): Iterable<number> {
    return this.#byNumber.keys();
  }

  get names(): ReadonlyMap<string, number> {
    return this.#byName;
  }

  has(no: number): boolean {
    return this.#byNumber.has(no);
  }

  /** Throws InputError for a number or name that is taken or reserved. */
  add(no: number, name: string): void {
    if (!Number.isInteger(no) || no < 1 || no >= PORT.max) {
      throw new InputError(`port ${no}: a port's number is between 1 and ${PORT.max - 1}`);
    }
    for (const taken of [this.#byNumber.has(no) && no, this.#byName.has(name) && name]) {
      if (taken !== false) throw new InputError(`port ${taken} exists already on ${this.#bridge}`);
    }
    this.#byNumber.set(no, name);
    this.#byName.set(name, no);
  }

  remove(no: number): void {
    const name = this.#byNumber.get(no);
    this.#byNumber.delete(no);
    if (name !== undefined) this.#byName.delete(name);
  }

  /** The number of a port. Throws InputError for a name that the bridge does not have. */
  number(port: PortRef): number {
    if (typeof port === "number") return port;
    const number = this.#byName.get(port);
    if (number === undefined) throw new InputError(`${this.#bridge} has no port named "${port}"`);
    return number;
  }
}
