import type { Action } from "../../src/rule/action.ts";
import { formatAction, formatActions, formatMatch, formatRule } from "../../src/rule/format.ts";
import { formatPort } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { hex } from "../../src/rule/value.ts";
import type { Effect, OutputEffect, Pass, RuleRef, Step, Visit } from "../../src/trace/record.ts";
import type { RuleSource } from "../../src/trace/rule-file.ts";
import type { Conntrack } from "../switch/conntrack/conntrack.ts";
import type { Observer } from "../switch/observer.ts";
import type { DropReason, Operation, Program } from "../switch/operation.ts";
import type { Output } from "../switch/output.ts";
import type { Packet } from "../switch/packet.ts";
import type { Entry } from "../switch/table.ts";
import { CtStep } from "./ct-step.ts";
import { datapathText } from "./datapath-text.ts";
import { changes, flowText, keyOf } from "./fields.ts";

interface OpenStep extends Step {
  readonly effects: Effect[];
  readonly visits: Visit[];
  readonly steps: Step[];
}

interface OpenPass extends Pass {
  readonly visits: Visit[];
  readonly actionSet: Step[];
  datapath: string;
  dropped: string | null;
}

/** Where what comes next in a walk belongs. */
interface Place {
  readonly steps: Step[];
  readonly visits: Visit[];
}

interface OpenOperation {
  readonly ct: CtStep | null;
  /** What it did, if that is known before its end: fragments go on within the `ct` that had waited for the last one. */
  ctEffect: Effect | null;
  readonly outputs: number;
  readonly passes: number;
  /** How many effects its step had. */
  readonly effects: number;
}

export interface RecorderOptions {
  readonly inPort: number;
  readonly bytes: Uint8Array;
  readonly nowMs: number;
  readonly conntrack: Conntrack;
  readonly sources: ReadonlyMap<Rule, RuleSource>;
  readonly portName: (port: number) => string | null;
}

const DROPPED: Readonly<Record<DropReason, string>> = {
  miss: "no rule matches",
  resubmit_depth:
    "resubmit goes deeper than 64 tables; everything that this walk wanted to do is dropped",
  resubmit_count: "more than 4,096 resubmits; everything that this walk wanted to do is dropped",
  stack: "the stack overflows or is empty; everything that this walk wanted to do is dropped",
  recirculation: "it came back from conntrack too often",
};

const SENDING: ReadonlySet<string> = new Set(["output", "output_field", "local"]);

/** Writes down one packet's way through the switch. */
export class Recorder implements Observer {
  readonly passes: OpenPass[] = [];
  readonly outputs: OutputEffect[] = [];
  readonly #options: RecorderOptions;
  readonly #original: Int32Array;
  readonly #running: OpenPass[] = [];
  readonly #places: Place[] = [];
  readonly #actions: {
    readonly step: OpenStep;
    readonly action: Action;
    readonly key: Int32Array;
  }[] = [];
  readonly #operations: OpenOperation[] = [];
  /** Whose doing an operation is. */
  readonly #owners = new WeakMap<Operation, OpenStep>();
  #stepNumber = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#original = keyOf(options.bytes);
  }

  beginPass(table: number, key: Int32Array): void {
    const pass: OpenPass = {
      number: this.passes.length + 1,
      from: this.#running.at(-1)?.number ?? null,
      table,
      flow: flowText(key),
      visits: [],
      actionSet: [],
      datapath: "",
      dropped: null,
    };
    this.passes.push(pass);
    this.#running.push(pass);
    this.#places.push({ steps: pass.actionSet, visits: pass.visits });
  }

  endWalk(program: Program): void {
    this.#places.pop();
    // A walk that was broken off has left places open.
    this.#places.length = 0;
    this.#actions.length = 0;
    const pass = this.#running.at(-1);
    if (pass === undefined) return;
    pass.datapath = datapathText(program.operations);
    if (program.dropped !== null) pass.dropped = DROPPED[program.dropped];
  }

  endPass(): void {
    this.#running.pop();
  }

  enterTable(number: number, inPort: number, entry: Entry | null): void {
    const visit = {
      table: number,
      inPort: inPort === this.#options.inPort ? null : formatPort(inPort),
      rule: entry === null ? null : this.#ruleRef(entry.rule),
      steps: [],
    };
    this.#places.at(-1)?.visits.push(visit);
    this.#places.push({ steps: visit.steps, visits: [] });
  }

  leaveTable(): void {
    this.#places.pop();
  }

  beginAction(action: Action, key: Int32Array): void {
    const number = ++this.#stepNumber;
    const step: OpenStep = {
      number,
      action: formatAction(action),
      changes: [],
      effects: [],
      visits: [],
      steps: [],
    };
    this.#places.at(-1)?.steps.push(step);
    this.#places.push(step);
    this.#actions.push({ step, action, key: key.slice() });
  }

  endAction(key: Int32Array, operations: readonly Operation[]): void {
    this.#places.pop();
    const open = this.#actions.pop();
    if (open === undefined) return;
    const { step, action } = open;
    if (step.visits.length === 0 && step.steps.length === 0)
      (step as { changes: Step["changes"] }).changes = changes(open.key, key);
    let owned = 0;
    for (let i = operations.length - 1; i >= 0; i--) {
      const operation = operations[i];
      if (operation === undefined || this.#owners.has(operation)) break;
      this.#owners.set(operation, step);
      owned++;
    }
    if (SENDING.has(action.kind) && owned === 0)
      note(
        step,
        "The packet came in through this port. It does not go back, unless the rule says in_port.",
      );
  }

  beginOperation(operation: Operation, packet: Packet): void {
    const { conntrack, nowMs } = this.#options;
    const around = this.#operations.at(-1);
    if (around !== undefined && around.ct !== null) around.ctEffect ??= around.ct.end(packet);
    this.#operations.push({
      ct: operation.op === "ct" ? new CtStep(operation, packet, conntrack, nowMs) : null,
      ctEffect: null,
      outputs: this.#outputCount,
      passes: this.passes.length,
      effects: this.#owners.get(operation)?.effects.length ?? 0,
    });
  }

  endOperation(operation: Operation, packet: Packet, outputs: readonly Output[]): void {
    const open = this.#operations.pop();
    const step = this.#owners.get(operation);
    if (open === undefined) return;
    switch (operation.op) {
      case "ct":
        step?.effects.splice(open.effects, 0, open.ctEffect ?? open.ct?.end(packet) ?? HELD);
        return;
      case "recirculate": {
        const pass = this.passes.length > open.passes ? open.passes + 1 : null;
        step?.effects.splice(open.effects, 0, {
          kind: "recirculate",
          table: operation.table,
          pass,
        });
        return;
      }
      case "output":
      case "normal":
      case "flood":
      case "controller": {
        const sent = outputs.slice(open.outputs);
        this.#outputCount = outputs.length;
        for (const output of sent) this.#sent(step, output, becauseOf(operation, sent.length));
        if (sent.length === 0 && step !== undefined) note(step, nothingSent(operation));
        return;
      }
      case "learn":
        step?.effects.push({ kind: "learn", rule: formatRule(operation.rule) });
        return;
      case "ct_clear":
        if (step !== undefined) note(step, "Conntrack's fields are zero from here on.", false);
    }
  }

  #outputCount = 0;

  #sent(step: OpenStep | undefined, { port, bytes }: Output, because: string | null): void {
    const effect: OutputEffect = {
      kind: "output",
      port: String(port),
      name: typeof port === "number" ? this.#options.portName(port) : null,
      because,
      changes: changes(this.#original, keyOf(bytes)),
      packet: toHex(bytes),
    };
    this.outputs.push(effect);
    step?.effects.push(effect);
  }

  #ruleRef(rule: Rule): RuleRef {
    const source = this.#options.sources.get(rule);
    return {
      table: rule.table,
      priority: rule.priority,
      cookie: hex(rule.cookie),
      match: formatMatch(rule.match),
      actions: formatActions(rule.actions),
      line: source?.line ?? null,
      text: source?.text ?? null,
    };
  }
}

const HELD: Effect = {
  kind: "note",
  text: "A fragment: conntrack holds it until the whole packet is there.",
  stops: true,
};

function note(step: OpenStep, text: string, stops = true): void {
  step.effects.push({ kind: "note", text, stops });
}

function becauseOf(operation: Operation, copies: number): string | null {
  switch (operation.op) {
    case "normal":
      return copies === 1
        ? "NORMAL: as a learning switch does"
        : "NORMAL does not know yet where the destination is, so to every port";
    case "flood":
      return "to every port but the one it came from";
    case "controller":
      return operation.reason === "action" ? null : operation.reason.replaceAll("_", " ");
    default:
      return null;
  }
}

function nothingSent(operation: Operation): string {
  switch (operation.op) {
    case "output":
      return `The bridge has no port ${formatPort(operation.port)}.`;
    case "normal":
      return "The destination is behind the port that the packet came from, so it stays there.";
    case "controller":
      return operation.reason === "invalid_ttl"
        ? "The time to live is used up; the rest of the list is not done."
        : "No controller takes it.";
    default:
      return "There is no other port.";
  }
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
