import { kernelLine } from "./kernel.ts";
import type {
  Change,
  CtEffect,
  Effect,
  PacketTrace,
  Pass,
  RuleRef,
  Step,
  Trace,
  Visit,
} from "./record.ts";
import { portWords, resultWords, ruleWords } from "./words.ts";

/** The trace as lines, in the manner of `ovs-appctl ofproto/trace`. */
export function renderText(trace: Trace): string[] {
  return trace.packets.flatMap((packet, i) => [
    ...(i === 0 ? [] : [""]),
    ...packetLines(packet, trace.packets.length),
  ]);
}

function packetLines(packet: PacketTrace, count: number): string[] {
  const title = `Packet ${packet.number} of ${count}: ${packet.summary}`;
  return [
    title,
    "=".repeat(title.length),
    ...packet.passes.flatMap(passLines),
    "",
    `Result: ${resultWords(packet)}`,
  ];
}

function passLines(pass: Pass): string[] {
  const lines =
    pass.from === null
      ? [`Flow: ${pass.flow}`, "", 'bridge("br0")', "-------------"]
      : [
          "",
          `--- pass ${pass.number}: back from conntrack (pass ${pass.from}), resuming from table ${pass.table}`,
          `Flow: ${pass.flow}`,
          "",
        ];
  for (const visit of pass.visits) lines.push(...visitLines(visit, 0, "drop"));
  if (pass.actionSet.length > 0)
    lines.push("    --. action set", ...pass.actionSet.flatMap((step) => stepLines(step, 4, true)));
  lines.push("", `Datapath actions: ${pass.datapath}`);
  if (pass.dropped !== null) lines.push(`Dropped: ${pass.dropped}`);
  return lines;
}

function visitLines(visit: Visit, indent: number, miss: string): string[] {
  const pad = " ".repeat(indent);
  const head = `${pad}${String(visit.table).padStart(2)}. `;
  const port = visit.inPort === null ? "" : ` (as if from port ${visit.inPort})`;
  const { rule } = visit;
  if (rule === null) return [`${head}No match: ${miss}${port}`];
  return [
    `${head}${ruleWords(rule)}${port}${lineOf(rule)}`,
    ...(visit.steps.length === 0 ? [`${pad}    drop`] : stepList(visit.steps, indent + 4)),
  ];
}

function lineOf({ line }: RuleRef): string {
  return line === null ? "  [learned]" : `  [line ${line}]`;
}

function stepList(steps: readonly Step[], indent: number): string[] {
  return steps.flatMap((step, i) => stepLines(step, indent, i === steps.length - 1));
}

/** The table that a rule's last action leads to stands on the rule's own level, as in Open vSwitch. */
function stepLines(step: Step, indent: number, last: boolean): string[] {
  const pad = " ".repeat(indent);
  const inner = last ? indent - 4 : indent;
  return [
    `${pad}${step.action}`,
    ...step.changes.map((change) => `${pad} -> ${changeWords(change)}`),
    ...step.visits.flatMap((visit) => visitLines(visit, inner, "nothing happens")),
    ...stepList(step.steps, indent + 4),
    ...step.effects.flatMap((effect) => effectLines(effect).map((line) => `${pad} ${line}`)),
  ];
}

function changeWords({ field, before, after }: Change): string {
  return `${field}: ${before === "" ? "none" : before} -> ${after === "" ? "none" : after}`;
}

function effectLines(effect: Effect): string[] {
  switch (effect.kind) {
    case "ct":
      return ctLines(effect);
    case "recirculate":
      return effect.pass === null
        ? ["-> Too many recirculations: this copy is dropped."]
        : [`-> A copy goes on in table ${effect.table}, tracked: pass ${effect.pass}.`];
    case "output": {
      const why = effect.because === null ? "" : ` (${effect.because})`;
      const what =
        effect.changes.length === 0 ? "unchanged" : effect.changes.map(changeWords).join(", ");
      return [`-> Leaves through ${portWords(effect.port, effect.name)}${why}: ${what}.`];
    }
    case "learn":
      return [`-> New rule: ${effect.rule}`];
    case "note":
      return [`-> ${effect.text}`];
  }
}

function ctLines(effect: CtEffect): string[] {
  const { before, after, zone } = effect;
  const lines = [
    `-> conntrack, zone ${zone}: ${before.state} -> ${after.state}${markWords(effect)}`,
    `   ${effect.why}`,
  ];
  if (effect.connection !== null) {
    const what = effect.committed ? "committed" : `${effect.direction} direction of`;
    lines.push(`   ${what} ${effect.connection}`);
  }
  lines.push(...effect.changes.map((change) => `   NAT ${changeWords(change)}`));
  lines.push(`   kernel: ${kernelLine(effect.kernel)}`);
  return lines;
}

function markWords({ after }: CtEffect): string {
  const mark = after.mark === "0x0" ? "" : `, ct_mark=${after.mark}`;
  return `${mark}${after.label === "0x0" ? "" : `, ct_label=${after.label}`}`;
}
