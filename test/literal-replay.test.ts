/**
 * The paper's replay, taken at its word: the packets of the isolated instance are rewritten to go to the instance itself, and
 * its connection counts as established. A counterexample: it is contained, and nothing is ever replayed.
 */
import test from "ava";
import { parts as real } from "../src/cli/parts.ts";
import { isolationRules } from "../src/isolate/isolation-rules.ts";
import type { ReplayNetwork } from "../src/run/way.ts";
import { isMalformed } from "../src/wire/malformed.ts";
import { parseFrame } from "../src/wire/packet.ts";
import { playLoop, shippedScenario } from "./loop.fixture.ts";

const scenario = shippedScenario("zeus-cookie-theft", (text) => `${text}\nrounds: 1\n`);

/** Steps 1 to 3 of the paper in the place of the replayer. */
function literalRules(network: ReplayNetwork): string {
  return isolationRules(network)
    .split("\n")
    .map((line) => {
      const station = network.stations.find(({ port }) =>
        line.includes(`in_port=${port},ct_state`),
      );
      if (station === undefined) return line;
      const itself = `set_field:${station.address}->ip_dst,set_field:${station.mac}->eth_dst,set_field:${network.gatewayMac}->eth_src,in_port`;
      return line
        .replace(/^table=1,priority=80,in_port/, "table=1,priority=80,tcp,in_port")
        .replace(/output:CONTROLLER$/, itself);
    })
    .join("\n");
}

test.serial(
  "an instance whose packets are rewritten to itself is contained, and never answered",
  async (t) => {
    const { packet } = real.ways;
    let land = 0;
    let answered = 0;
    const { verdicts, rounds } = await playLoop(
      scenario,
      1,
      { ways: { ...real.ways, packet: { ...packet, rules: literalRules } } },
      {
        frame: (tap, { bytes }, towards) => {
          if (tap !== "isolation" || towards !== "device") return;
          const frame = parseFrame(bytes);
          if (isMalformed(frame) || frame.tcp === undefined || frame.ipv4 === undefined) return;
          if (frame.ipv4.source === frame.ipv4.destination) land++;
          else answered++;
        },
      },
    );
    t.true(land > 0);
    t.is(verdicts.containment, "pass");
    t.is(verdicts.manifestation, "fail");
    const [suspect] = rounds[0]?.suspects ?? [];
    t.is(suspect?.replay?.answers, 0);
    t.deepEqual(suspect?.effectsInIsolation, []);
    t.log(`${land} frames from the instance to itself, ${answered} others`);
  },
);
