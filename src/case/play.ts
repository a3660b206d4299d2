import { IsoreplayError } from "../base/errors.ts";
import type { Step, StepKind, StepOf, SwitchCase } from "./case.ts";
import { bytesOf, CasePortError, CasePorts } from "./case-ports.ts";
import type { CaseSwitch, Reaction, SentFrame } from "./device.ts";
import { lineDifference, packetInDifference, sentDifference } from "./difference.ts";
import { comparableFlowLine, isFlowLine, recordedFlowLine } from "./flow-line.ts";

/** The first thing in which a device does not do what was recorded. */
export interface Difference {
  /** Counted from 1; 0: the rules that the case begins with. */
  readonly step: number;
  readonly op: StepKind | "flows";
  /** For a reader: what was expected, what was found, and the fields that differ. */
  readonly lines: readonly string[];
}

export interface CaseResult {
  readonly name: string;
  /** Steps that the case has. */
  readonly steps: number;
  /** `null`: every step agrees. */
  readonly difference: Difference | null;
}

/**
 * Play a case on a device up to the first step that differs: what comes after it would differ for that reason alone.
 * `where` names the case in errors. What the device refuses is a difference; rejects with InputError for a port that
 * the case does not have.
 */
export async function play(
  recorded: SwitchCase,
  device: CaseSwitch,
  where: string,
): Promise<CaseResult> {
  const { name, steps } = recorded;
  const ports = new CasePorts(recorded);
  const result = (difference: Difference | null): CaseResult => ({
    name,
    steps: steps.length,
    difference,
  });
  const refused = await refusal(() => device.addFlows(recorded.flows));
  if (refused !== null) return result({ step: 0, op: "flows", lines: [refused] });
  for (const [i, step] of steps.entries()) {
    const at = `${where}, step ${i + 1} (${step.op})`;
    let lines: readonly string[] = [];
    const said = await refusal(async () => {
      lines = await playStep(step, device, ports, at);
    });
    if (said !== null) lines = [said];
    if (lines.length > 0) return result({ step: i + 1, op: step.op, lines });
  }
  return result(null);
}

/** What the device has against it, or `null` where it did as it was told. */
async function refusal(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof IsoreplayError) || error instanceof CasePortError) throw error;
    return `refused: ${error.line}`;
  }
}

/** Gives what differs, or no lines. */
async function playStep(
  step: Step,
  device: CaseSwitch,
  ports: CasePorts,
  where: string,
): Promise<readonly string[]> {
  switch (step.op) {
    case "packet": {
      const inPort = ports.device(step.in_port, where);
      return reactionDifference(step, await device.packet(inPort, bytesOf(step.hex)), ports, where);
    }
    case "packet_out": {
      const inPort = ports.ingress(step.in_port ?? "CONTROLLER", where);
      const reaction = await device.packetOut(inPort, step.actions, bytesOf(step.hex));
      return reactionDifference(step, reaction, ports, where);
    }
    case "ct":
      return lineDifference(sorted(step.expect), sorted(await device.conntrack()));
    case "dump_flows": {
      const found = (await device.dumpFlows()).filter(isFlowLine).map(recordedFlowLine);
      const expected = step.expect.filter(isFlowLine);
      return lineDifference(sorted(expected), sorted(found), comparableFlowLine);
    }
    case "ofctl":
      await device.ofctl({ command: step.cmd, args: step.args ?? [], text: step.text ?? null });
      return [];
    case "flush":
      await device.flush(step.args ?? [], step.via ?? "dpctl");
      return [];
    case "dpctl": {
      const said = await device.dpctl(step.cmd.replace(/^dpctl\//, ""), step.args ?? []);
      if (step.expect === undefined || step.expect === null) return [];
      return lineDifference(linesOf(step.expect), linesOf(said));
    }
    case "warp":
      await device.warp(step.ms);
      return [];
  }
}

function reactionDifference(
  step: StepOf<"packet" | "packet_out">,
  reaction: Reaction,
  ports: CasePorts,
  where: string,
): string[] {
  const expected = step.expect.map(
    ({ port, hex }): SentFrame => ({ port: ports.device(port, where), bytes: bytesOf(hex) }),
  );
  const packetIns = (step.packet_in ?? []).map(({ meta, hex }) => ({ meta, bytes: bytesOf(hex) }));
  return [
    ...sentDifference(expected, reaction.sent),
    ...packetInDifference(packetIns, reaction.packetIns),
  ];
}

function linesOf(text: string | readonly string[]): string[] {
  const whole = typeof text === "string" ? text : text.join("\n");
  return whole
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function sorted(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim()).sort();
}
