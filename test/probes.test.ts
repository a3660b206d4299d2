import test from "ava";
import { execa } from "execa";
import { measure, Outside } from "../bench/probes/measure.ts";
import { simRig } from "../bench/probes/sim-rig.ts";
import { GUEST, ISOLATION, OUTLET } from "../bench/probes/variants.ts";
import { isolationRules } from "../src/isolate/isolation-rules.ts";
import { hasMininet } from "./labs.fixture.ts";

const BENCH = new URL("../bench/probes.ts", import.meta.url).pathname;
const HOLDS = /^0 of 3,000 frames outside: ≤ 1e-3 \(3\/N\) at 95 %$/m;

async function probe(lab: string) {
  const args = [BENCH, "--probes", "3000", "--lab", lab];
  return execa(process.execPath, args, { reject: false, stdin: "ignore" });
}

test("no probe of thousands gets out of the simulated isolation, and the bound is told", async (t) => {
  const { exitCode, stdout } = await probe("sim");
  t.is(exitCode, 0, stdout);
  t.regex(stdout, HOLDS);
  t.regex(stdout, /control, before and after: each of \d+ kinds seen at outlet, neighbour, LOCAL/);
});

test.serial("no probe of thousands gets out of the isolation on a real Open vSwitch", async (t) => {
  t.timeout(120_000);
  if (!hasMininet(t)) return;
  const { exitCode, stdout, stderr } = await probe("mininet");
  t.is(exitCode, 0, stdout + stderr);
  t.regex(stdout, HOLDS);
  t.regex(stdout, /3,000 looked up by the rules/);
});

test("one way out is found", async (t) => {
  const outside = new Outside();
  const leak = `table=0,priority=200,udp,in_port=${GUEST.port},tp_dst=53,actions=output:${OUTLET.port}\n`;
  const measured = await measure({
    rig: simRig((place, frame) => outside.seen(place, frame)),
    outside,
    rules: `${isolationRules(ISOLATION)}${leak}`,
    frames: 3000,
    seed: 1,
    onProgress: () => {},
  });
  t.true(measured.outside > 0);
  t.regex(measured.examples[0] ?? "", /^outlet: dns-query$/);
  t.false(measured.holds);
});
