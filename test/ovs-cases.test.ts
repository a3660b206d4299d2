import { existsSync, readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { type Output, Switch } from "../sim/switch/switch.ts";
import { NS_PER_MS } from "../src/base/clock.ts";
import { Random } from "../src/base/random.ts";
import { parseActions, parseRules } from "../src/rule/parse.ts";

/**
 * Cases recorded from the real Open vSwitch 3.1.0, played on the simulated one. They lie beside the checkout, not in
 * it; where they are absent there is nothing to compare with.
 */
const FOLDER = new URL("../../shared/ovs-cases/", import.meta.url);

interface Sent {
  readonly port: number | string;
  readonly hex: string;
}

interface Step {
  readonly op: string;
  readonly in_port?: number | string;
  readonly hex?: string;
  readonly actions?: string;
  readonly expect?: readonly (Sent | string)[];
  readonly packet_in?: readonly { readonly hex: string }[];
  readonly cmd?: string;
  readonly ms?: number;
}

interface Case {
  readonly name: string;
  readonly ports: readonly { readonly no: number; readonly name: string }[];
  readonly flows: string;
  readonly steps: readonly Step[];
}

/** Cases that do not agree yet, with the reason. */
const DISAGREEING = new Map<string, string>([]);

/** The first step that differs from the recording, or `null`. */
function play(recorded: Case): string | null {
  let nowNs = 0n;
  const bridge = new Switch({
    name: "br0",
    clock: { nowNs: () => nowNs },
    random: Random.from(recorded.name),
    packetIns: true,
  });
  for (const { no, name } of recorded.ports) bridge.addPort(no, name);
  bridge.setFlows(parseRules(recorded.flows, { ports: bridge.ports }));
  for (const [i, step] of recorded.steps.entries()) {
    let [found, expected]: [unknown, unknown] = [null, null];
    switch (step.op) {
      case "packet": {
        const frame = Buffer.from(step.hex ?? "", "hex");
        found = perPort(bridge.receive(Number(step.in_port), frame));
        expected = expectedPerPort(step);
        break;
      }
      case "packet_out": {
        const actions = parseActions(step.actions ?? "", { ports: bridge.ports });
        const inPort = typeof step.in_port === "number" ? step.in_port : "CONTROLLER";
        found = perPort(bridge.packetOut(inPort, actions, Buffer.from(step.hex ?? "", "hex")));
        expected = expectedPerPort(step);
        break;
      }
      case "ct":
        found = bridge.dumpConntrack();
        expected = step.expect;
        break;
      case "warp":
        nowNs += BigInt(step.ms ?? 0) * NS_PER_MS;
        break;
      case "dpctl":
        if (step.cmd !== "ct-disable-tcp-seq-chk") return `step ${i}: dpctl ${step.cmd} is unknown`;
        bridge.conntrack.liberal = true;
        break;
      default:
        return `step ${i}: ${step.op} is unknown`;
    }
    const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
    if (a !== b) return `step ${i} (${step.op}):\n  found    ${a}\n  expected ${b}`;
  }
  return null;
}

function expectedPerPort(step: Step): Record<string, string[]> {
  const sent = (step.expect ?? []).filter((e) => typeof e !== "string");
  const packetIns = (step.packet_in ?? []).map(({ hex }) => ({ port: "CONTROLLER", hex }));
  return group([...sent, ...packetIns]);
}

function perPort(outputs: readonly Output[]): Record<string, string[]> {
  return group(
    outputs.map(({ port, bytes }) => ({ port, hex: Buffer.from(bytes).toString("hex") })),
  );
}

function group(sent: readonly Sent[]): Record<string, string[]> {
  const ports = [...new Set(sent.map(({ port }) => String(port)))].sort();
  return Object.fromEntries(
    ports.map((port) => [port, sent.filter((s) => String(s.port) === port).map(({ hex }) => hex)]),
  );
}

test("the simulated switch does what Open vSwitch did in the recorded cases", (t) => {
  if (!existsSync(FOLDER)) {
    t.log("skipped: absent");
    t.pass();
    return;
  }
  const differences: string[] = [];
  let agreed = 0;
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  for (const name of names) {
    const recorded: Case = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
    const difference = play(recorded);
    if (difference === null) agreed++;
    const known = DISAGREEING.get(recorded.name);
    if (difference !== null && known === undefined)
      differences.push(`${recorded.name}: ${difference}`);
    if (difference === null && known !== undefined) differences.push(`${recorded.name} agrees now`);
  }
  t.log(`${agreed} of ${names.length} cases agree`);
  t.deepEqual(differences, []);
});
