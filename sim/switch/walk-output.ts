import type { CtAction } from "../../src/rule/action.ts";
import { PORT } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import type { Frozen, Operation, PacketInReason } from "./operation.ts";
import type { WalkKey } from "./walk-key.ts";

/** What the controller is told, and of which rule. */
export interface ControllerNews {
  readonly reason: PacketInReason;
  readonly byRule?: boolean;
  readonly id?: number;
  readonly userdata?: readonly number[];
  readonly table: number;
  readonly cookie: bigint | null;
}

/** The operations that a walk writes down; what was set is written into the packet before something sees it. */
export class WalkOutput {
  readonly #key: WalkKey;
  #operations: Operation[] = [];

  constructor(key: WalkKey) {
    this.#key = key;
  }

  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /** To a port, or what has a port's number; neither the tables nor the controller. */
  output(port: number, maxLength?: number): void {
    const { inPort } = this.#key;
    switch (port) {
      case PORT.none:
        return;
      case PORT.inPort:
        // A packet that is cut goes to a port by its number only.
        if (maxLength === undefined) this.#send(inPort);
        return;
      case PORT.normal: {
        const vlan = this.#key.vlan;
        this.#operations.push(...this.#key.takeNormalChanges(), { op: "normal", inPort, vlan });
        return;
      }
      case PORT.flood:
      case PORT.all:
        this.#commit();
        this.#operations.push({ op: "flood", inPort, toAll: port === PORT.all });
        return;
      default:
        // A packet does not go back where it came from, unless the rule says in_port.
        if (port !== inPort) this.#send(port, maxLength);
    }
  }

  #send(port: number, maxLength?: number): void {
    const changes = this.#commit();
    if (maxLength === undefined) {
      this.#operations.push({ op: "output", port });
      return;
    }
    // The cut is worked out before these tags are there, or gone.
    const grown = changes.reduce((sum, { op }) => sum + (GROWS[op] ?? 0), 0);
    this.#operations.push({ op: "output", port, maxLength, grown });
  }

  controller({ byRule = false, reason, id = 0, userdata, table, cookie }: ControllerNews): void {
    this.#commit();
    this.#operations.push({
      op: "controller",
      byRule,
      reason,
      id,
      ...(userdata === undefined ? {} : { userdata }),
      table,
      cookie,
      words: this.#key.pipelineWords(),
      ctCleared: this.#key.ctCleared,
    });
  }

  ct(zone: number, { commit, force, nat }: CtAction, exec: () => void): void {
    this.#commit();
    const changes = this.#key.connectionChanges(exec);
    this.#operations.push({ op: "ct", zone, commit, force, nat, ...changes });
  }

  ctClear(): void {
    this.#operations.push({ op: "ct_clear" });
    this.#key.clearCt();
  }

  learn(rule: Rule): void {
    this.#operations.push({ op: "learn", rule });
  }

  hash(): void {
    this.#commit();
    this.#operations.push({ op: "hash" });
  }

  recirculate(table: number, frozen: Frozen | null): void {
    const words = this.#key.pipelineWords();
    this.#operations.push({ op: "recirculate", table, words, frozen });
  }

  /** What `work` writes down is for a copy of the packet. */
  clone(work: () => void): void {
    this.#commit();
    const { base } = this.#key;
    const outer = this.#operations;
    const operations: Operation[] = [];
    this.#operations = operations;
    work();
    this.#operations = outer;
    if (operations.length > 0) outer.push({ op: "clone", operations });
    this.#key.base = base;
  }

  #commit(): readonly Operation[] {
    const changes = this.#key.takeChanges();
    this.#operations.push(...changes);
    return changes;
  }
}

const TAG_BYTES = 4;
const GROWS: Partial<Record<Operation["op"], number>> = {
  push_vlan: TAG_BYTES,
  pop_vlan: -TAG_BYTES,
};
