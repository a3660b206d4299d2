/** Connections that are counted together, and how many they may be. */
export interface ZonePool {
  limit: number;
  /** Since the limit was set: connections that were there before do not count. */
  count: number;
}

/**
 * How many connections a zone may have (`dpctl/ct-set-limits`). Zones without a limit of their own share the default one:
 * it bounds their sum, as in Open vSwitch. A limit of 0 lets none in.
 */
export class ZoneLimits {
  readonly #zones = new Map<number, ZonePool>();
  /** `null`: zones without a limit have none. */
  #default: ZonePool | null = null;

  /** The pool that a new connection of a zone goes into; `null`: it is not counted. */
  pool(zone: number): ZonePool | null {
    return this.#zones.get(zone) ?? this.#default;
  }

  /** 0: none was set. */
  get defaultLimit(): number {
    return this.#default?.limit ?? 0;
  }

  /** Zones with a limit of their own, in the order of their numbers. */
  get zones(): number[] {
    return [...this.#zones.keys()].sort((a, b) => a - b);
  }

  setDefault(limit: number): void {
    if (this.#default === null) this.#default = { limit, count: 0 };
    else this.#default.limit = limit;
  }

  set(zone: number, limit: number): void {
    const pool = this.#zones.get(zone);
    if (pool === undefined) this.#zones.set(zone, { limit, count: 0 });
    else pool.limit = limit;
  }

  delete(zone: number): void {
    this.#zones.delete(zone);
  }
}
