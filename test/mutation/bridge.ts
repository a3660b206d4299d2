import { type Output, Switch } from "../../sim/switch/switch.ts";
import { Random } from "../../src/base/random.ts";
import { PORT } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import type { Step } from "./frames.ts";
import { type Left, OUTLET, STATIONS, UPLINK } from "./rule-sets.ts";

/** A switch whose clock stands still, so that no connection runs out. */
export function makeBridge(rules: readonly Rule[]): Switch {
  const bridge = new Switch({
    name: "mutant",
    clock: { nowNs: () => 0n },
    random: Random.from("mutant"),
  });
  for (const port of [...STATIONS.map((station) => station.port), OUTLET, UPLINK])
    bridge.addPort(port, `port-${port}`);
  bridge.setFlows(rules);
  return bridge;
}

export function play(bridge: Switch, steps: readonly Step[]): Output[][] {
  return steps.map(({ from, bytes }) => bridge.receive(from, bytes));
}

/** What left, with OpenFlow's numbers for its ports. */
export function leftOf(outputs: readonly Output[]): Left[] {
  return outputs.map((output) => ({ port: portNumber(output), bytes: output.bytes }));
}

export function portNumber({ port }: Output): number {
  if (port === "CONTROLLER") return PORT.controller;
  return port === "LOCAL" ? PORT.local : port;
}

/** Whether the same frames left through the same ports, in the same order. */
export function sameOutputs(a: readonly Output[], b: readonly Output[]): boolean {
  return (
    a.length === b.length &&
    a.every((output, i) => {
      const other = b[i];
      if (other === undefined || other.port !== output.port) return false;
      return output.bytes === other.bytes || Buffer.compare(output.bytes, other.bytes) === 0;
    })
  );
}
