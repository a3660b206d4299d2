import { NS_PER_MS } from "../../src/base/clock.ts";
import { TRACE_LIMITS } from "../../src/base/limits.ts";
import { Random } from "../../src/base/random.ts";
import { frameSummary } from "../../src/case/frame-fields.ts";
import { formatPort, PORT } from "../../src/rule/port.ts";
import type { PacketTrace, Step, Visit } from "../../src/trace/record.ts";
import type { RuleFile } from "../../src/trace/rule-file.ts";
import { Switch } from "../switch/switch.ts";
import { Recorder, toHex } from "./recorder.ts";

export interface TracedFrame {
  /** As the user gave it. */
  readonly given: string;
  readonly inPort: number;
  readonly bytes: Uint8Array;
  /** Since the first packet; never less than that of the packet before. */
  readonly timeMs: number;
}

/** A bridge with the rules of a file that tells of each packet what happened to it. Connections last from packet to packet. */
export class Tracer {
  readonly #bridge: Switch;
  readonly #rules: RuleFile;
  readonly #names: Map<number, string | null>;
  #nowMs = 0;
  #packets = 0;

  /** Throws InputError where a rule names a port twice, or one that cannot be. */
  constructor(rules: RuleFile) {
    this.#rules = rules;
    this.#names = new Map(rules.ports);
    this.#bridge = new Switch({
      name: "br0",
      clock: { nowNs: () => BigInt(Math.round(this.#nowMs * 1_000)) * (NS_PER_MS / 1_000n) },
      random: Random.from("trace"),
    });
    for (const [number, name] of rules.ports) this.#bridge.addPort(number, name ?? String(number));
    this.#bridge.setFlows(rules.rules);
  }

  get ports(): { number: number; name: string | null }[] {
    return [...this.#names].map(([number, name]) => ({ number, name }));
  }

  trace({ given, inPort, bytes, timeMs }: TracedFrame): PacketTrace {
    this.#nowMs = timeMs;
    if (inPort < PORT.max && !this.#names.has(inPort)) {
      this.#names.set(inPort, null);
      this.#bridge.addPort(inPort, String(inPort));
    }
    const recorder = new Recorder({
      inPort,
      bytes,
      nowMs: timeMs,
      conntrack: this.#bridge.conntrack,
      sources: this.#rules.sources,
      portName: (port) => this.#names.get(port) ?? null,
    });
    this.#bridge.observe(recorder);
    this.#bridge.receive(inPort, bytes);
    this.#bridge.observe(null);
    const { passes, outputs } = recorder;
    return {
      number: ++this.#packets,
      given,
      summary: frameSummary(bytes),
      inPort: formatPort(inPort),
      inPortName: this.#names.get(inPort) ?? null,
      timeMs,
      packet: toHex(bytes),
      passes,
      outputs,
      dropped: outputs.length > 0 ? null : whyNothing(passes),
      connections: this.#bridge.dumpConntrack().slice(0, TRACE_LIMITS.connectionsShownMax),
    };
  }
}

/** Why nothing left the switch: the last thing that was said against it on each way that the packet went. */
function whyNothing(passes: PacketTrace["passes"]): string {
  const reasons = new Set<string>();
  for (const pass of passes) {
    if (pass.dropped !== null) reasons.add(pass.dropped);
    for (const visit of pass.visits)
      if (visit.rule === null) reasons.add(`no rule of table ${visit.table} matches`);
    for (const visit of allVisits(pass.visits)) {
      const { rule } = visit;
      if (rule === null || rule.actions !== "drop") continue;
      const place = rule.line === null ? "a learned rule" : `the rule in line ${rule.line}`;
      reasons.add(`${place} (table ${visit.table}) drops it`);
    }
    for (const step of allSteps([...pass.visits], pass.actionSet)) {
      for (const effect of step.effects) {
        if (effect.kind === "note" && effect.stops) reasons.add(lower(effect.text));
        if (effect.kind === "recirculate" && effect.pass === null)
          reasons.add("it came back from conntrack more than 6 times");
      }
    }
  }
  if (passes.length === 0)
    return "the frame has no whole Ethernet header, or its port cannot receive";
  return reasons.size === 0
    ? "no action of these rules sends it anywhere"
    : [...reasons].join("; ");
}

function allVisits(visits: readonly Visit[]): Visit[] {
  return visits.flatMap((visit) => [visit, ...allVisits(visit.steps.flatMap(visitsOf))]);
}

function visitsOf(step: Step): Visit[] {
  return [...step.visits, ...step.steps.flatMap(visitsOf)];
}

function allSteps(visits: readonly Visit[], more: readonly Step[]): Step[] {
  const within = (step: Step): Step[] => [step, ...step.steps.flatMap(within)];
  return [
    ...allVisits(visits).flatMap((visit) => visit.steps.flatMap(within)),
    ...more.flatMap(within),
  ];
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
