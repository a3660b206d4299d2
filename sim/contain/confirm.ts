import { Random } from "../../src/base/random.ts";
import type { Confirm } from "../../src/contain/exact.ts";
import { portsIn } from "../../src/contain/port-names.ts";
import { PORT } from "../../src/rule/port.ts";
import type { Rule } from "../../src/rule/rule.ts";
import { Switch } from "../switch/switch.ts";

/** Ports that stand for several: who sends there sends to whatever is plugged in. */
const MANY: ReadonlySet<number> = new Set([PORT.normal, PORT.flood, PORT.all]);

/** Really sends packets through a fresh simulated switch, and sees where the last one leaves. */
export function confirmOnSwitch(rules: readonly Rule[], ports: Iterable<number>): Confirm {
  const all = [...new Set([...portsIn(rules), ...ports])]
    .filter((port) => port < PORT.max)
    .sort((a, b) => a - b);
  return (packets, to) => {
    const bridge = new Switch({
      name: "proof",
      clock: { nowNs: () => 0n },
      random: Random.from("proof"),
    });
    for (const port of all) bridge.addPort(port, `port-${port}`);
    bridge.setFlows(rules);
    const last = packets.map(({ from, bytes }) => bridge.receive(from, bytes)).at(-1) ?? [];
    return last.some(({ port }) => {
      if (port === "CONTROLLER") return to === PORT.controller;
      if (port === "LOCAL") return to === PORT.local || MANY.has(to);
      return port === to || MANY.has(to);
    });
  };
}
