import { PORT } from "../../src/rule/port.ts";
import { buildPacket } from "../../src/trace/build-packet.ts";
import { Conversations } from "../../src/trace/conversation.ts";
import { parsePacket } from "../../src/trace/packet-text.ts";
import type { PacketTrace, Step, Visit } from "../../src/trace/record.ts";
import { readRuleFile } from "../../src/trace/rule-file.ts";
import { Tracer } from "./tracer.ts";

/** Traces packets in flow text (with a number as `in_port`), 1 ms apart. */
export function traced(rules: string, ...texts: readonly string[]): PacketTrace[] {
  const tracer = new Tracer(readRuleFile(rules, "rules"));
  const conversations = new Conversations();
  return texts.map((given, i) => {
    const spec = parsePacket(given, { origin: `packet ${i + 1}` });
    const bytes = buildPacket(spec, conversations);
    conversations.saw(bytes);
    const inPort = typeof spec.inPort === "number" ? spec.inPort : PORT.none;
    const one = tracer.trace({ given, inPort, bytes, timeMs: i });
    for (const { packet } of one.outputs) conversations.saw(Buffer.from(packet, "hex"));
    return one;
  });
}

/** Every rule that a packet hit, in order: `table:line`, a miss as `table:-`. */
export function hits({ passes }: PacketTrace): string[] {
  return passes.flatMap(({ visits }) => visits.flatMap(visitHits));
}

function visitHits({ table, rule, steps }: Visit): string[] {
  return [`${table}:${rule === null ? "-" : rule.line}`, ...steps.flatMap(stepHits)];
}

function stepHits({ visits, steps }: Step): string[] {
  return [...visits.flatMap(visitHits), ...steps.flatMap(stepHits)];
}

/** The states that conntrack gave, in order. */
export function states({ passes }: PacketTrace): string[] {
  const ofSteps = (steps: readonly Step[]): string[] =>
    steps.flatMap((step) => [
      ...step.effects.flatMap((effect) => (effect.kind === "ct" ? [effect.after.state] : [])),
      ...ofSteps(step.steps),
      ...step.visits.flatMap(({ steps: inner }) => ofSteps(inner)),
    ]);
  return passes.flatMap(({ visits }) => visits.flatMap(({ steps }) => ofSteps(steps)));
}
