import { ANOMALIES, type Anomaly } from "./anomaly.ts";

/** What was found, and what was wrong with it. */
export class HttpCounts {
  requests = 0;
  responses = 0;
  interimResponses = 0;
  transactions = 0;
  /** Connections that became something else: an upgrade, a CONNECT tunnel. */
  tunnels = 0;
  readonly #anomalies = new Map<Anomaly, number>();

  anomaly(name: Anomaly): void {
    this.#anomalies.set(name, (this.#anomalies.get(name) ?? 0) + 1);
  }

  /** Anomalies that were met, in the order of their definition. */
  anomalies(): readonly (readonly [Anomaly, number])[] {
    const met: [Anomaly, number][] = [];
    for (const name of ANOMALIES) {
      const count = this.#anomalies.get(name);
      if (count !== undefined) met.push([name, count]);
    }
    return met;
  }
}
