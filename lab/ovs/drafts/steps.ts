import type { CasePort, Step, SwitchCase } from "../../../src/case/case.ts";

/*
 * Words for drafts of switch cases: what is done. What the real switch does about it is recorded.
 */

export function packet(in_port: CasePort, frame: Uint8Array, note?: string): Step {
  const step: Step = { op: "packet", in_port, hex: hexOf(frame), expect: [] };
  return note === undefined ? step : { ...step, note };
}

export function packetOut(in_port: CasePort, actions: string, frame: Uint8Array): Step {
  return { op: "packet_out", in_port, actions, hex: hexOf(frame), expect: [] };
}

export const ct: Step = { op: "ct", expect: [] };

export const dumpFlows: Step = { op: "dump_flows", expect: [] };

export function ofctl(cmd: string, ...args: string[]): Step {
  return { op: "ofctl", cmd, args };
}

/** A command that reads a file. */
export function ofctlText(cmd: string, text: string, ...args: string[]): Step {
  return { op: "ofctl", cmd, args, text };
}

export function dpctl(cmd: string, ...args: string[]): Step {
  return { op: "dpctl", cmd, args };
}

export function flush(...args: string[]): Step {
  return { op: "flush", args };
}

export function flushOfctl(...args: string[]): Step {
  return { op: "flush", args, via: "ofctl" };
}

export function warp(seconds: number): Step {
  return { op: "warp", ms: 1_000 * seconds };
}

/**
 * Actions that write what conntrack said of a packet into its MAC addresses, where it can be read when the packet comes
 * out: the state into bytes 0 to 3 of the source and the zone into the rest, the mark into bytes 2 to 5 of the destination.
 */
export const STAMP = [
  "move:NXM_NX_CT_STATE[]->NXM_OF_ETH_SRC[16..47]",
  "move:NXM_NX_CT_ZONE[]->NXM_OF_ETH_SRC[0..15]",
  "move:NXM_NX_CT_MARK[]->NXM_OF_ETH_DST[0..31]",
].join(",");

/** A draft with ports 1 to 4. */
export function draft(
  name: string,
  note: string,
  flows: readonly string[],
  steps: readonly Step[],
): SwitchCase {
  return {
    name,
    source: "written for this project",
    note,
    ports: [1, 2, 3, 4].map((no) => ({ no, name: `p${no}` })),
    flows: `${flows.join("\n")}\n`,
    steps: [...steps],
  };
}

function hexOf(frame: Uint8Array): string {
  return Buffer.from(frame).toString("hex");
}
