import type { Output } from "../../sim/switch/switch.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { formatPort } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { leftOf, makeBridge, play, sameOutputs } from "./bridge.ts";
import { CLIENT_PORT, CONTROLLER, conversations, type Step, strayPackets } from "./frames.ts";
import {
  natConversations,
  natExhausted,
  natLeftovers,
  natPredecessors,
  natStrays,
} from "./nat-frames.ts";
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

/**
 * Also: connections that a predecessor left, to the responder's own address or translated without the mark, and no port free
 * behind a translation.
 */
function natHistories({ rules }: RuleSet): History[] {
  const mark = ",exec(set_field:7->ct_mark)";
  return [
    { before: rules, steps: [] },
    { before: rules, steps: natConversations() },
    { before: careless(2, mark), steps: natLeftovers() },
    { before: careless(2), steps: natLeftovers() },
    { before: careless(1, mark), steps: natLeftovers() },
    { before: careless(2, mark), steps: natExhausted() },
    ...natPredecessors().map((before) => ({ before, steps: natConversations(CLIENT_PORT + 1) })),
  ];
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

  private constructor(set: RuleSet, packets: readonly Step[], histories: readonly History[]) {
    this.#set = set;
    this.#packets = packets;
    this.#histories = histories;
    this.#original = this.run(set.rules);
  }

  static async of(set: RuleSet): Promise<BruteForce> {
    if (set.name === "nat") {
      const steps = natConversations();
      return new BruteForce(set, [...steps, ...(await natStrays(set.ports))], natHistories(set));
    }
    const steps = conversations(set.name === "isolation" ? CONTROLLER : UPLINK);
    const packets = [...steps, ...(await strayPackets(set.ports))];
    return new BruteForce(set, packets, [
      { before: set.rules, steps: [] },
      // The set's own connections begin under the unchanged rules.
      { before: set.rules, steps },
      { before: careless(2), steps },
      { before: careless(2, ",exec(set_field:8->ct_mark)"), steps },
      { before: careless(1, ",exec(set_field:8->ct_mark)"), steps },
    ]);
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
      const watch = this.#set.watch();
      const past = play(bridge, steps);
      // What other rules let through is none of these rules' fault, and no beginning that would excuse what follows.
      if (before === this.#set.rules)
        for (const [i, { from, bytes }] of steps.entries())
          watch(from, bytes, leftOf(past[i] ?? []));
      bridge.setFlows(rules);
      for (const { from, bytes } of this.#packets) {
        const left = bridge.receive(from, bytes);
        outputs.push(left);
        const out = watch(from, bytes, leftOf(left));
        if (out !== null) return { leak: `${from} to ${formatPort(out.port)}`, outputs };
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
