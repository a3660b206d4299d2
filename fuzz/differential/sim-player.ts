import { runDpctl } from "../../sim/case/dpctl.ts";
import { type Output, Switch } from "../../sim/switch/switch.ts";
import { NS_PER_MS } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import type { SentFrame } from "../../src/case/device.ts";
import { recordedFlowLine } from "../../src/case/flow-line.ts";
import { dumpFlow } from "../../src/rule/dump-flow.ts";
import { parseGroups } from "../../src/rule/group.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { fragmentsOf } from "./frames.ts";
import { TALKS } from "./hosts.ts";
import { GROUPS, type Operation, type Outcome, PORTS } from "./operation.ts";
import { Speaker, type Spoken } from "./speaker.ts";
import type { PlanSequence, PlanStep } from "./step.ts";
import { fragmented, twisted } from "./twist.ts";

/** Room for more connections than sequences make. */
const CONNECTIONS_MAX = 3_000_000;

/** The simulated switch; it also gives the packets their bytes, because hosts answer what comes out of it. */
export class SimPlayer {
  readonly #bridge: Switch;
  #nowMs: number;
  #identification: number;

  /** `nowMs`, `identification`: where the one before has ended. Throws InputError for rules that it does not take. */
  constructor(rules: string, nowMs = 0, identification = 0) {
    this.#nowMs = nowMs;
    this.#identification = identification;
    this.#bridge = new Switch({
      name: "br0",
      clock: { nowNs: () => BigInt(this.#nowMs) * NS_PER_MS },
      random: Random.from("differential"),
      limits: { connectionsMax: CONNECTIONS_MAX },
    });
    for (const { no, name } of PORTS) this.#bridge.addPort(no, name);
    this.#bridge.addGroups(parseGroups(GROUPS, this.#bridge.ports));
    this.#bridge.setFlows(parseRules(rules, { ports: this.#bridge.ports }));
  }

  get identification(): number {
    return this.#identification;
  }

  /** Plays a sequence from no connection on; what it did, and what came of it. */
  play({ talks, steps }: PlanSequence): { operations: Operation[]; outcome: Outcome } {
    const speakers = talks.map((number) => new Speaker(TALKS[number]!));
    const operations: Operation[] = [];
    const sent: SentFrame[] = [];
    this.perform({ op: "flush", args: [] });
    for (const step of steps) {
      if (step.op !== "say") {
        operations.push(step);
        this.perform(step);
        continue;
      }
      const speaker = speakers[step.talk]!;
      for (const spoken of this.#frames(speaker, step)) {
        const { port, frame } = spoken;
        const operation: Operation = { op: "packet", port, bytes: frame };
        operations.push(operation);
        const outputs = this.perform(operation);
        for (const output of outputs) sent.push(output);
        const heard = outputs.find((output) => output.port !== port && output.port !== "LOCAL");
        if (heard !== undefined) speaker.hear(spoken.isClient, Number(heard.port), heard.bytes);
      }
    }
    const conntrack = this.#bridge.dumpConntrack();
    return { operations, outcome: { sent, conntrack, swept: true } };
  }

  perform(operation: Operation): SentFrame[] {
    switch (operation.op) {
      case "packet":
        return this.#bridge.receive(operation.port, operation.bytes).flatMap(sentFrame);
      case "warp":
        this.#nowMs += operation.ms;
        return [];
      case "flush":
        runDpctl(this.#bridge, "flush-conntrack", operation.args, this.#nowMs);
        return [];
    }
  }

  /** Lines of `dump-flows` without what is not compared. */
  dumpFlows(): string[] {
    return this.#bridge
      .dumpFlows()
      .map(({ rule, ...counts }) => recordedFlowLine(dumpFlow(rule, counts)));
  }

  #frames(speaker: Speaker, { act, variant, twist }: Extract<PlanStep, { op: "say" }>): Spoken[] {
    const ttl = twist === "ttl-1" ? 1 : twist === "ttl-0" ? 0 : 64;
    const manner = { ttl, tos: twist === "tos" ? variant : 0, bytes: null, id: 1 };
    if (twist !== "fragments") return [twisted(speaker.say(act, variant, manner), twist, variant)];
    const spoken = speaker.say(act, variant, { ...manner, bytes: 2_600 - (variant % 3) });
    this.#identification = (this.#identification + 1) & 0xffff;
    return fragmented(spoken, variant, (size) =>
      fragmentsOf(spoken.frame, size, this.#identification),
    );
  }
}

function sentFrame({ port, bytes }: Output): SentFrame[] {
  return port === "CONTROLLER" ? [] : [{ port, bytes }];
}
