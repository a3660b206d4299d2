import { FlowCache } from "./flow-cache.ts";
import type { WalkObserver } from "./observer.ts";
import type { Frozen, Program } from "./operation.ts";
import type { SwitchCounters } from "./output.ts";
import type { Pipeline } from "./pipeline.ts";
import { Walk } from "./walk.ts";

/** Walks through the tables and their results, which are kept for packets that would go the same way. */
export class Walks {
  readonly #pipeline: Pipeline;
  readonly #slotsMax: number;
  readonly #counters: SwitchCounters;
  /** By table in which the walk starts. */
  #caches: (FlowCache | undefined)[] = [];
  /** By what another walk left. That is as old as the result that says so: both are forgotten together. */
  readonly #frozenCaches = new WeakMap<Frozen, FlowCache>();

  constructor(pipeline: Pipeline, slotsMax: number, counters: SwitchCounters) {
    this.#pipeline = pipeline;
    this.#slotsMax = slotsMax;
    this.#counters = counters;
  }

  /** After a change of rules or ports: results of earlier walks hold no more. */
  forget(): void {
    this.#caches = [];
  }

  find(key: Int32Array, table: number, frozen: Frozen | null): Program {
    const cache = frozen === null ? this.#cache(table) : this.#frozenCache(frozen);
    const known = cache.find(key);
    if (known !== null) {
      this.#counters.cached++;
      return known;
    }
    this.#counters.walks++;
    const walk = new Walk(this.#pipeline, key);
    const program = walk.run(table, frozen);
    cache.insert(key, walk.mask, program);
    return program;
  }

  /** A walk that somebody sees: made anew, since a known result has nothing to show. */
  watch(observer: WalkObserver, key: Int32Array, table: number, frozen: Frozen | null): Program {
    this.#counters.walks++;
    return new Walk(this.#pipeline, key, observer).run(table, frozen);
  }

  #cache(table: number): FlowCache {
    const known = this.#caches[table];
    if (known !== undefined) return known;
    const cache = new FlowCache(this.#slotsMax);
    this.#caches[table] = cache;
    return cache;
  }

  #frozenCache(frozen: Frozen): FlowCache {
    const known = this.#frozenCaches.get(frozen);
    if (known !== undefined) return known;
    const cache = new FlowCache(this.#slotsMax);
    this.#frozenCaches.set(frozen, cache);
    return cache;
  }
}
