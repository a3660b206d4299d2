import { InputError } from "../../src/base/errors.ts";
import { PORT, type PortRef } from "../../src/rule/port.ts";

/** What OpenFlow lets a controller say of a port (`ovs-ofctl mod-port`). */
export interface PortConfig {
  /** Frames that come in are taken. */
  readonly receives: boolean;
  /** Frames are sent out. */
  readonly forwards: boolean;
  /** `flood` and `normal` send what they flood. */
  readonly floods: boolean;
}

const OPEN: PortConfig = { receives: true, forwards: true, floods: true };

/** The ports of a bridge by number and by name. */
export class Ports {
  readonly #bridge: string;
  readonly #byNumber = new Map<number, string>();
  readonly #byName = new Map<string, number>();
  readonly #config = new Map<number, PortConfig>();

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

  /** What may pass through a port. */
  config(no: number): PortConfig {
    return this.#config.get(no) ?? OPEN;
  }

  /** Changes what is given. */
  configure(no: number, change: Partial<PortConfig>): void {
    this.#config.set(no, { ...this.config(no), ...change });
  }

  remove(no: number): void {
    this.#config.delete(no);
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
