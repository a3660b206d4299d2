import type { Step, SwitchCase } from "./case.ts";
import { bytesOf, CasePorts } from "./case-ports.ts";
import type { CaseSwitch, Reaction } from "./device.ts";
import { isFlowLine, recordedFlowLine } from "./flow-line.ts";
import { toHex } from "./frame-fields.ts";

/** A case with what the device does in place of what it expects. Rejects where the device refuses something. */
export async function record(
  draft: SwitchCase,
  device: CaseSwitch,
  where: string,
): Promise<SwitchCase> {
  const ports = new CasePorts(draft);
  await device.addFlows(draft.flows);
  const steps: Step[] = [];
  for (const [i, step] of draft.steps.entries())
    steps.push(await recordStep(step, device, ports, `${where}, step ${i + 1} (${step.op})`));
  return { ...draft, steps };
}

async function recordStep(
  step: Step,
  device: CaseSwitch,
  ports: CasePorts,
  where: string,
): Promise<Step> {
  switch (step.op) {
    case "packet": {
      const inPort = ports.device(step.in_port, where);
      return { ...step, ...seen(await device.packet(inPort, bytesOf(step.hex))) };
    }
    case "packet_out": {
      const inPort = ports.ingress(step.in_port ?? "CONTROLLER", where);
      return { ...step, ...seen(await device.packetOut(inPort, step.actions, bytesOf(step.hex))) };
    }
    case "ct":
      return { ...step, expect: [...(await device.conntrack())].sort() };
    case "dump_flows": {
      const lines = (await device.dumpFlows()).filter(isFlowLine).map(recordedFlowLine);
      return { ...step, expect: lines.sort() };
    }
    case "dpctl":
      return { ...step, expect: await device.dpctl(step.cmd, step.args ?? []) };
    case "ofctl":
      await device.ofctl({ command: step.cmd, args: step.args ?? [], text: step.text ?? null });
      return step;
    case "flush":
      await device.flush(step.args ?? [], step.via ?? "dpctl");
      return step;
    case "warp":
      await device.warp(step.ms);
      return step;
  }
}

function seen({ sent, packetIns }: Reaction) {
  const expect = sent.map(({ port, bytes }) => ({ port, hex: toHex(bytes) }));
  if (packetIns.length === 0) return { expect };
  return { expect, packet_in: packetIns.map(({ meta, bytes }) => ({ meta, hex: toHex(bytes) })) };
}
