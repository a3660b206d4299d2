import { ManualClock } from "../../sim/switch/switch.fixture.ts";
import { Switch } from "../../sim/switch/switch.ts";
import { Random } from "../../src/base/random.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { join } from "../mutate/bytes.ts";
import { makeTalk } from "../seeds/make-capture.ts";
import { makeFrames } from "../seeds/make-frames.ts";
import { RULES } from "../seeds/rules.ts";
import type { Ends } from "../seeds/segments.ts";
import { Contradiction, type Target } from "../target.ts";
import { readPieces } from "./captures.ts";
import { makeRules } from "./rules.ts";

const ENDS: Ends = {
  macs: ["52:54:00:00:00:01", "52:54:00:00:00:02"],
  addresses: ["10.0.0.1", "10.0.0.2"],
  ports: [40_000, 80],
  initial: [1_000, 5_000],
};
/** Between the rules and the capture of the frames. */
const BORDER = Buffer.from("\n=====\n");
const LIMITS = { connectionsMax: 4, macsMax: 3, rulesWithLearnedMax: 40, fragmentsMax: 4 };
const random = Random.from("switch");

/** Frames through a switch whose rules may be mutated, too. */
export const bridge: Target = {
  name: "switch",
  share: 3,
  make(own) {
    const rules = own.chance(0.3)
      ? makeRules(own)
      : Array.from({ length: own.int(1, 6) }, () => own.pick(RULES)).join("\n");
    return join(Buffer.from(rules), BORDER, makeFrames(own, makeTalk(own), ENDS, 0.9));
  },
  async run(input) {
    const border = Buffer.from(input).indexOf(BORDER);
    if (border === -1) return;
    const { records } = await readPieces(input.subarray(border + BORDER.length), input.length);
    const clock = new ManualClock();
    const bridge = new Switch({ name: "br0", clock, random, limits: LIMITS, packetIns: true });
    for (const port of [1, 2, 3, 4]) bridge.addPort(port, `p${port}`);
    const text = Buffer.from(input.subarray(0, border)).toString();
    bridge.setFlows(parseRules(text, { ports: bridge.ports }));
    for (const [i, { bytes }] of records.entries()) {
      const before = bytes.slice();
      for (const output of bridge.receive(sideOf(bytes, i), bytes)) {
        if (output.bytes.length > bytes.length + 64) throw new Contradiction("a frame grew");
      }
      if (Buffer.compare(before, bytes) !== 0) throw new Contradiction("a frame was changed");
      clock.advance(i % 7 === 0 ? 20_000 : 5);
    }
    if (bridge.dumpConntrack().length > LIMITS.connectionsMax) {
      throw new Contradiction("more connections than the limit");
    }
    bridge.dumpFlows();
    bridge.flushConntrack();
  },
};

/** The port that a frame comes in through: that of its sender. */
function sideOf(bytes: Uint8Array, i: number): number {
  const last = bytes[11];
  return last === 1 || last === 2 ? last : 1 + (i % 5);
}
