import type { Rule } from "../../src/rule/rule.ts";
import { makeBridge, play, portNumber } from "./bridge.ts";
import type { End, Step } from "./frames.ts";
import { GATEWAY, type Place } from "./rule-sets.ts";

/** A frame, where it must leave, and what it must be then; null: as it came. */
export interface Expected extends Step {
  readonly to: readonly number[];
  readonly as: Uint8Array | null;
}

export interface Script {
  readonly before: readonly Rule[] | null;
  readonly history: readonly Step[];
  readonly steps: readonly Expected[];
}

export interface Exchange {
  /** What must go on: without it the rule set is of no use. */
  readonly works: (rules: readonly Rule[]) => boolean;
  /** What must not reach even those ports that are declared, each written down by hand. */
  readonly isStrict: (rules: readonly Rule[]) => boolean;
}

export const passes = (from: number, to: number, bytes: Uint8Array): Expected => ({
  ...{ from, bytes, to: [to], as: null },
});
export const stops = (from: number, bytes: Uint8Array): Expected => ({
  from,
  bytes,
  to: [],
  as: null,
});

function holds(rules: readonly Rule[], { before, history, steps }: Script): boolean {
  const bridge = makeBridge(before ?? rules);
  play(bridge, history);
  bridge.setFlows(rules);
  return steps.every(({ from, bytes, to, as }) => {
    const outputs = bridge.receive(from, bytes);
    const ports = outputs.map(portNumber).sort((a, b) => a - b);
    if (ports.length !== to.length || ports.some((port, i) => port !== to[i])) return false;
    return outputs.every((output) => Buffer.compare(output.bytes, as ?? bytes) === 0);
  });
}

export const client = ({ mac, address }: Place, port = 50_000): End => ({ mac, address, port });
export const server = (at: { readonly address: string; readonly port: number }): End => ({
  ...at,
  mac: GATEWAY.mac,
});

export function exchange(useful: Script, strict: readonly Script[]): Exchange {
  return {
    works: (rules) => holds(rules, useful),
    isStrict: (rules) => strict.every((script) => holds(rules, script)),
  };
}
