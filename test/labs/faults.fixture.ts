import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { AgentConfig } from "../../lab/host/protocol.ts";
import { MininetLab } from "../../lab/mininet/lab.ts";
import { recordedLabs } from "../../lab/state/journal.ts";
import { processesOf } from "../../lab/state/leftovers.ts";
import { parts } from "../../src/cli/parts.ts";
import type { Lab, RunningLab, Watch } from "../../src/run/lab.ts";
import { runLoop } from "../../src/run/loop.ts";
import type { Plan } from "../../src/run/plan.ts";
import type { Assertion, RoundResult } from "../../src/run/results.ts";
import { parseScenario } from "../../src/scenario/load.ts";
import { assertRun } from "../../src/verdict/assertions.ts";

/** One round with one suspect: little to train, little to wait for. */
export const SHORT_SCENARIO = `
name: fault
rounds: 1
session_gap_s: 400
behaviours:
  cookie-theft: { command: user_cookies_get, suspects: 1, training_bots: 1, sessions_per_bot: 4 }
  homepage-set: { command: user_homepage_set, suspects: 0, training_bots: 1, sessions_per_bot: 4 }
  os-shutdown: { command: os_shutdown, suspects: 0, training_bots: 1, sessions_per_bot: 4 }
isolation: { observe_s_max: 6000 }
`;
const SCENARIO = parseScenario(SHORT_SCENARIO, "fault");
/** The isolation instance of the only suspect. */
export const GUEST = "iso-cookie-theft-1";
export const SUSPECT = "vm-cookie-theft-1";
const SEED = 1;
const SPEED = 200;

/** What goes wrong: some of a lab's doings are replaced by others, in which it does. */
export type Fault = (lab: RunningLab, plan: Plan) => Partial<RunningLab>;

/** A lab with a fault in it. */
class FaultyLab implements Lab {
  readonly #lab: Lab;
  readonly #fault: Fault;

  constructor(lab: Lab, fault: Fault) {
    this.#lab = lab;
    this.#fault = fault;
  }

  get kind(): Lab["kind"] {
    return this.#lab.kind;
  }

  run<T>(plan: Plan, watch: Watch, experiment: (lab: RunningLab) => Promise<T>): Promise<T> {
    return this.#lab.run(plan, watch, (running) =>
      experiment({ ...running, ...this.#fault(running, plan) }),
    );
  }
}

export interface FaultyRun {
  readonly round: RoundResult;
  readonly rounds: readonly RoundResult[];
  readonly counts: Readonly<Record<string, number>>;
  readonly assertions: ReadonlyMap<string, Assertion>;
}

/** Play the short scenario on the real switch, with a fault. Rejects as the run does. */
export async function playFault(fault: Fault, watch: Partial<Watch> = {}): Promise<FaultyRun> {
  const record = await runLoop({
    scenario: SCENARIO,
    seed: SEED,
    lab: new FaultyLab(new MininetLab({ seed: SEED, speed: SPEED }), fault),
    parts,
    watch: () => ({ frame: () => {}, event: () => {}, effect: () => {}, ...watch }),
    onStage: () => {},
  });
  const [round] = record.rounds;
  if (round === undefined) throw new Error("no round was played");
  return {
    round,
    rounds: record.rounds,
    counts: record.counts,
    assertions: assertFault(record.rounds),
  };
}

/** What is asserted of the short scenario's rounds, by name. */
export function assertFault(rounds: readonly RoundResult[]): ReadonlyMap<string, Assertion> {
  const effects = new Map([["cookie-theft", "cookies-posted"]]);
  const assertions = assertRun(rounds, { behaviours: 3, effects }, SCENARIO.assertions);
  return new Map(assertions.map((one) => [one.name, one]));
}

/** The processes of the lab that this process has up for a plan. */
function processes(plan: Plan): number[] {
  const own = recordedLabs().find(
    ({ entries: [first] }) =>
      first?.kind === "lab" && first.pid === process.pid && first.name === plan.name,
  );
  if (own === undefined) throw new Error("no lab is up");
  return processesOf(own.label).map(({ pid }) => pid);
}

export function killSwitch(plan: Plan): void {
  for (const pid of processes(plan)) {
    if (readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "ovs-vswitchd")
      process.kill(pid, "SIGKILL");
  }
}

/** Do not let a host run for so long. */
export async function stopHost(plan: Plan, host: string, ms: number): Promise<void> {
  const { pid } = agentOf(plan, host);
  const entered = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  process.kill(pid, "SIGSTOP");
  await wait(ms);
  process.kill(pid, "SIGCONT");
  // Who waits for a process that stops stops, too, as a shell wants it, and would not notice its end.
  process.kill(entered, "SIGCONT");
}

/** The agent of a host that is on: a process in the host's network namespace. */
export function agentOf(plan: Plan, host: string): { pid: number; config: AgentConfig } {
  for (const pid of processes(plan)) {
    const [program, , argument = ""] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    // What only waits for an agent has the same words at the end of its command line.
    if (program !== process.execPath || !argument.startsWith("{")) continue;
    const config = JSON.parse(argument) as AgentConfig;
    if (config.name === host) return { pid, config };
  }
  throw new Error(`${host} is off`);
}
