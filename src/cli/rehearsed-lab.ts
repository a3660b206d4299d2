import { Rehearsal } from "../../lab/command/rehearsal.ts";
import { MininetLab } from "../../lab/mininet/lab.ts";
import type { Program } from "../program/program.ts";
import type { Lab, RunningLab, Watch } from "../run/lab.ts";
import type { Plan } from "../run/plan.ts";
import type { Io } from "./io.ts";

/** Lists commands on stdout. */
export function rehearsal(io: Io): Rehearsal {
  return new Rehearsal((line) => io.out.line(line));
}

/** Sees nothing. */
export const BLIND: Watch = { frame: () => {}, event: () => {}, effect: () => {} };

/**
 * The Mininet lab, rehearsed: what it would be told to do is told to it, and it writes down its commands. What happens
 * meanwhile, and so what the loop decides, comes from the simulator with the same scenario and seed.
 */
export class RehearsedLab implements Lab {
  readonly kind = "mininet";
  readonly #actor: Lab;
  readonly #rehearsed: MininetLab;

  constructor(actor: Lab, options: { readonly seed: number; readonly speed: number }, io: Io) {
    this.#actor = actor;
    this.#rehearsed = new MininetLab({ ...options, runner: rehearsal(io) });
  }

  run<T>(plan: Plan, watch: Watch, experiment: (lab: RunningLab) => Promise<T>): Promise<T> {
    return this.#rehearsed.run(plan, BLIND, async (shown) => {
      const told = new Told(shown);
      const result = await this.#actor.run(plan, watch, (acting) => experiment(told.by(acting)));
      await told.done;
      return result;
    });
  }
}

/** The simulator has no real sockets: what a proxy answers, a program can, from the same tape. */
function withoutProxy(program: Program): Program {
  if (program.kind !== "proxy") return program;
  const { guest, port, server, tape, miss } = program;
  return { kind: "replay-server", guest, servers: [{ ...server, playedAt: port }], tape, miss };
}

/** Tells the rehearsed lab what the acting one is told, in the same order, and lets neither wait for the other. */
class Told {
  readonly #shown: RunningLab;
  done: Promise<unknown> = Promise.resolve();

  constructor(shown: RunningLab) {
    this.#shown = shown;
  }

  by(acting: RunningLab): RunningLab {
    const shown = this.#shown;
    return {
      ...acting,
      start: (host, program) => acting.start(host, withoutProxy(program)),
      setRules: (bridge, rules, flush) => {
        this.#tell(() => shown.setRules(bridge, rules, flush));
        return acting.setRules(bridge, rules, flush);
      },
      move: (request) => {
        this.#tell(() => shown.move(request));
        return acting.move(request);
      },
      endSensor: () => {
        this.#tell(() => shown.endSensor());
        return acting.endSensor();
      },
      copies: (bridge) => {
        this.#tell(() => shown.copies(bridge));
        return acting.copies(bridge);
      },
      rules: (bridge) => {
        this.#tell(() => shown.rules(bridge));
        return acting.rules(bridge);
      },
    };
  }

  #tell(what: () => Promise<unknown>): void {
    this.done = this.done.then(what);
  }
}
