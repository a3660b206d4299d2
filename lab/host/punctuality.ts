import type { Lateness } from "../../src/run/lateness.ts";
import { type Delays, LatenessMeter } from "./lateness.ts";

/** How late those were that take part in a lab: what hosts tell of themselves, and what is measured in this process. */
export class Punctuality {
  readonly #who = new Map<string, Lateness>();

  /** A host told how late it was so far. After a new boot it begins to count again. */
  host(name: string, delays: Delays): void {
    this.#heard(name, "host", delays);
  }

  /** Measures somebody in this process. */
  meter(kind: "run" | "sensor"): LatenessMeter {
    return new LatenessMeter((delays) => this.#heard(kind, kind, delays));
  }

  /** Everybody who was late, the latest first. */
  list(): readonly Lateness[] {
    return [...this.#who.values()].sort(
      (a, b) => b.latestMs - a.latestMs || (a.name < b.name ? -1 : 1),
    );
  }

  /** For the report: the longest delays. */
  counts(): Readonly<Record<string, number>> {
    const latestMs = (kind: Lateness["kind"]) =>
      this.list().find((who) => who.kind === kind)?.latestMs ?? 0;
    return {
      hostsLatestMs: latestMs("host"),
      runLatestMs: latestMs("run"),
      sensorLatestMs: latestMs("sensor"),
    };
  }

  #heard(name: string, kind: Lateness["kind"], { latestMs, times }: Delays): void {
    const key = `${kind} ${name}`;
    const before = this.#who.get(key);
    this.#who.set(key, {
      name,
      kind,
      latestMs: Math.max(Math.round(latestMs), before?.latestMs ?? 0),
      times: Math.max(times, before?.times ?? 0),
    });
  }
}
