import test from "ava";
import { compareSwitches } from "../fuzz/differential/compare.ts";
import { startOvs } from "./labs.fixture.ts";

test("random packets through random rules leave the simulated switch as they leave Open vSwitch", async (t) => {
  t.timeout(120_000);
  await using ovs = await startOvs(t);
  if (ovs === null) return;
  const report = await compareSwitches({
    seed: 1_000,
    from: 0,
    sequences: 1_500,
    minutes: 0.5,
    findings: 1,
    lanes: 2,
    progress: (line) => t.log(line),
    found: (name, text) => t.log(name, text.slice(0, 10_000)),
  });
  t.is(report.disagreements, 0);
  t.true(report.counted > 0);
});
