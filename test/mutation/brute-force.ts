import type { Output } from "../../sim/switch/switch.ts";
import { parseRules } from "../../src/rule/parse.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { makeBridge, play, portNumber, sameOutputs } from "./bridge.ts";
import { CONTROLLER, conversations, type Step, strayPackets } from "./frames.ts";
import { type RuleSet, UPLINK } from "./rule-sets.ts";

/** Rules under which everything is tracked and passes: what they leave behind is what a careless predecessor could. */
const careless = (zone: number, exec = "") =>
  parseRules(
    `table=0,priority=9,ip,actions=ct(zone=${zone},table=1)\ntable=0,priority=0,actions=flood\n` +
      `table=1,priority=9,ip,actions=ct(commit,zone=${zone}${exec}),flood\n`,
  );

interface History {
  readonly before: readonly Rule[];
  readonly steps: readonly Step[];
}

/** What a rule set was seen to do. */
export interface Behaviour {
  /** The first frame that got out, as a sentence; null: none did. */
  readonly leak: string | null;
  /** By history and step, what left. It ends with a leak. */
  readonly outputs: readonly (readonly Output[])[];
}

/** Plays every history of a rule set, then every packet that there is, with any rules. */
export class BruteForce {
  readonly #set: RuleSet;
  readonly #histories: readonly History[];
  readonly #packets: readonly Step[];
  readonly #original: Behaviour;

  private constructor(set: RuleSet, packets: readonly Step[]) {
    this.#set = set;
    const others = set.name === "isolation" ? CONTROLLER : UPLINK;
    const steps = conversations(others);
    this.#packets = [...steps, ...packets];
    this.#histories = [
      { before: set.rules, steps: [] },
      // The set's own connections begin under the unchanged rules.
      { before: set.rules, steps },
      { before: careless(2), steps },
      { before: careless(2, ",exec(set_field:8->ct_mark)"), steps },
      { before: careless(1, ",exec(set_field:8->ct_mark)"), steps },
    ];
    this.#original = this.run(set.rules);
  }

  static async of(set: RuleSet): Promise<BruteForce> {
    return new BruteForce(set, await strayPackets(set.ports));
  }

  get original(): Behaviour {
    return this.#original;
  }

  get packetCount(): number {
    return this.#histories.length * this.#packets.length;
  }

  run(rules: readonly Rule[]): Behaviour {
    const outputs: (readonly Output[])[] = [];
    for (const { before, steps } of this.#histories) {
      const bridge = makeBridge(before);
      play(bridge, steps);
      bridge.setFlows(rules);
      for (const { from, bytes } of this.#packets) {
        const left = bridge.receive(from, bytes);
        outputs.push(left);
        const out = left.find((o) => !this.#set.allows(from, portNumber(o), o.bytes));
        if (out !== undefined) return { leak: `${from} to ${out.port}`, outputs };
      }
    }
    return { leak: null, outputs };
  }

  /** Whether rules behave as the unchanged ones do. */
  isSame({ outputs }: Behaviour): boolean {
    const { outputs: original } = this.#original;
    return (
      outputs.length === original.length &&
      outputs.every((left, i) => sameOutputs(left, original[i] ?? []))
    );
  }
}
