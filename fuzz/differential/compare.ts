import fc from "fast-check";
import { OvsBridge } from "../../lab/ovs/ovs-bridge.ts";
import { PrivateOvs } from "../../lab/ovs/private-ovs.ts";
import { IsoreplayError } from "../../src/base/errors.ts";
import { caseOf, recordCase } from "./case-of.ts";
import { GROUPS, PORTS } from "./operation.ts";
import { OvsPlayer } from "./ovs-player.ts";
import { rulesText } from "./rules.ts";
import { judge, type Trial, trial, type Verdict } from "./trial.ts";

export interface CompareOptions {
  /** Ends after so many sequences of at least five packets, or so many minutes, or so many disagreements. */
  readonly sequences: number;
  readonly minutes: number;
  readonly findings: number;
  /** Real switches at once. */
  readonly lanes: number;
  readonly seed: number;
  /** Number of the first set of rules. */
  readonly from: number;
  readonly progress: (line: string) => void;
  /** A disagreement, as the text of a switch case. */
  readonly found: (name: string, text: string) => void;
}

export interface CompareReport {
  readonly rules: number;
  readonly refused: number;
  readonly sequences: number;
  readonly counted: number;
  readonly packets: number;
  readonly disagreements: number;
  readonly seconds: number;
}

const PROGRESS_MS = 10_000;
const SHRINK_MS_MAX = 20_000;
const LINES_MAX = 14;
const LINE_MAX = 160;

/** Sets of rules, each with its sequences; on several switches, because each is waited for more than it works. */
export async function compareSwitches(options: CompareOptions): Promise<CompareReport> {
  const run = new Run(options);
  await Promise.all(Array.from({ length: options.lanes }, () => run.lane()));
  options.progress(run.summary());
  return { disagreements: run.disagreements, seconds: run.seconds, ...run.total };
}

class Run {
  readonly total = {
    rules: 0,
    refused: 0,
    sequences: 0,
    counted: 0,
    packets: 0,
    sent: 0,
    connections: 0,
  };
  disagreements = 0;
  /** Switches that ended by themselves. */
  #crashes = 0;
  /** Trials whose counters differed once, and not when they were played again. */
  #miscounts = 0;
  readonly #options: CompareOptions;
  readonly #started = performance.now();
  #told = performance.now();
  #number: number;

  constructor(options: CompareOptions) {
    this.#options = options;
    this.#number = options.from;
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1_000;
  }

  summary(): string {
    const { rules, refused, counted, sequences, packets, sent, connections } = this.total;
    const rate = Math.round(sequences / this.seconds);
    return [
      `seed ${this.#options.seed}`,
      `${rules} rule sets (${refused} refused by both)`,
      `${counted} sequences of 5 packets or more (${sequences} in all)`,
      `${packets} packets in, ${sent} out`,
      `${connections} connections`,
      `${rate} sequences/s, ${Math.round(this.seconds)} s`,
      `${this.#crashes} crashes of Open vSwitch`,
      `${this.#miscounts} counts lost by it`,
      `${this.disagreements} disagreements`,
    ].join(", ");
  }

  /** One real switch after the other, until there is enough. */
  async lane(): Promise<void> {
    while (!this.#isOver()) {
      await using ovs = await PrivateOvs.start();
      const bridge = await OvsBridge.create(ovs, PORTS);
      await bridge.ofctl("add-groups", ["-"], [], GROUPS);
      const player = new OvsPlayer(bridge);
      while (!this.#isOver()) {
        const number = this.#number++;
        try {
          await this.#compare(number, player);
        } catch (error) {
          if (!(error instanceof IsoreplayError)) throw error;
          this.#crashes++;
          this.#options.progress(`set ${number}: ${error.line}`);
          break;
        }
      }
      bridge.abandon();
    }
  }

  #isOver(): boolean {
    const { sequences, minutes, findings } = this.#options;
    return (
      this.total.counted >= sequences ||
      this.seconds > minutes * 60 ||
      this.disagreements >= findings
    );
  }

  async #compare(number: number, player: OvsPlayer): Promise<void> {
    const { seed } = this.#options;
    const first: Verdict[] = [];
    const last: { plan: Trial; verdict: Verdict }[] = [];
    const broken: unknown[] = [];
    let deadline = Number.POSITIVE_INFINITY;
    const property = fc.asyncProperty(trial(number), async (plan) => {
      // fast-check's own limit would leave one running.
      if (broken.length > 0 || performance.now() > deadline) return true;
      try {
        const verdict = await this.#judge(plan, player, number);
        if (first.length === 0) first.push(verdict);
        if (verdict.lines.length === 0) return true;
        deadline = Math.min(deadline, performance.now() + SHRINK_MS_MAX);
        last[0] = { plan, verdict };
        return false;
      } catch (error) {
        broken.push(error);
        return true;
      }
    });
    await fc.check(property, { seed: (Math.imul(seed, 0x9e3779b1) + number) | 0, numRuns: 1 });
    if (broken.length > 0 && last.length === 0) throw broken[0];
    const [verdict] = first;
    if (verdict === undefined) return;
    const { total } = this;
    total.rules++;
    if (verdict.refused !== "") total.refused++;
    for (const name of ["sequences", "counted", "packets", "sent", "connections"] as const)
      total[name] += verdict[name];
    const [worst] = last;
    if (worst !== undefined) await this.#tell(`seed-${seed}-set-${number}`, worst, verdict);
    if (performance.now() - this.#told < PROGRESS_MS) return;
    this.#told = performance.now();
    this.#options.progress(this.summary());
  }

  /**
   * Seldom a counter of Open vSwitch misses a packet that it has sent. What only the counters show is therefore believed
   * if it shows again.
   */
  async #judge(plan: Trial, player: OvsPlayer, number: number): Promise<Verdict> {
    const verdict = await judge(plan, player);
    if (!verdict.onlyCounters) return verdict;
    const again = await judge(plan, player);
    if (again.lines.length === 0) {
      this.#miscounts++;
      const lines = verdict.lines.map((line) => line.slice(0, LINE_MAX));
      this.#options.progress(`set ${number}, only once: ${lines.join(" | ")}`);
    }
    return again;
  }

  async #tell(name: string, worst: { plan: Trial; verdict: Verdict }, first: Verdict) {
    const { progress, found } = this.#options;
    this.disagreements++;
    const lines = worst.verdict.lines.slice(0, LINES_MAX);
    const text = [
      `${name} differs, at first in: ${first.lines.slice(0, 3).join(" | ")}`,
      ...lines,
      ...rulesText(worst.plan.rules).split("\n"),
    ].map((line) => line.slice(0, LINE_MAX));
    progress(text.join("\n  "));
    // On another one: a private switch has only one bridge at a time.
    await using recorder = await PrivateOvs.start();
    found(name, await recordCase(recorder, caseOf(name, worst.plan, worst.verdict)));
  }
}
