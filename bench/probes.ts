/**
 * Send many varied probes through the rules of isolation, and see that none gets out; before and after, in the same
 * capture session, under rules that hold nothing back, see that every kind does.
 *
 *     npm run probes -- [--probes 1000000] [--lab mininet|sim] [--seed 1]
 *
 * Ends with 1 when a frame got out, when a control did not see a kind at some place, or when a probe was not looked up.
 */
import { parseArgs } from "node:util";
import { isolationRules } from "../src/isolate/isolation-rules.ts";
import { PROBE_KINDS } from "../src/program/probe.ts";
import { whole } from "../src/report/number.ts";
import { measure, Outside } from "./probes/measure.ts";
import { MininetRig } from "./probes/mininet-rig.ts";
import type { Rig } from "./probes/rig.ts";
import { simRig } from "./probes/sim-rig.ts";
import { ISOLATION } from "./probes/variants.ts";

const { values } = parseArgs({
  options: {
    probes: { type: "string", default: "1000000" },
    lab: { type: "string", default: "mininet" },
    seed: { type: "string", default: "1" },
  },
});
const frames = Number(values.probes);
const seed = Number(values.seed);
if (!Number.isSafeInteger(frames) || frames < 1 || !Number.isSafeInteger(seed))
  throw new RangeError("--probes and --seed take whole numbers");
if (values.lab !== "mininet" && values.lab !== "sim")
  throw new RangeError("--lab takes mininet or sim");

const outside = new Outside();
const onOutside = (place: string, frame: Uint8Array) => outside.seen(place, frame);

async function prove(rig: Rig): Promise<void> {
  console.log(`${rig.name}, seed ${seed}`);
  const measured = await measure({
    ...{ rig, outside, frames, seed },
    rules: isolationRules(ISOLATION),
    onProgress: (sent) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${whole(sent)} of ${whole(frames)} `);
    },
  });
  const { kinds, lookedUp, toReplayer, seconds, blind, missed } = measured;
  console.log(
    blind.length === 0
      ? `control, before and after: each of ${PROBE_KINDS.length} kinds seen at ${rig.places.join(", ")}`
      : `control: not seen: ${blind.join(", ")}`,
  );
  console.log(
    `isolated: ${whole(frames)} frames of ${kinds} kinds, ${whole(lookedUp)} looked up by the rules, ` +
      `${whole(toReplayer)} handed to the replayer, in ${seconds.toFixed(1)} s`,
  );
  for (const example of measured.examples) console.log(`outside: ${example}`);
  if (missed > 0) console.log(`the captures lost ${whole(missed)} frames`);
  const bound = measured.outside === 0 ? `: ≤ ${(3 / frames).toExponential(0)} (3/N) at 95 %` : "";
  console.log(`${whole(measured.outside)} of ${whole(frames)} frames outside${bound}`);
  process.exitCode = measured.holds ? 0 : 1;
}

if (values.lab === "sim") await prove(simRig(onOutside));
else {
  await using rig = await MininetRig.start(onOutside);
  await prove(rig);
}
