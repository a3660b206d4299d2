import test, { type ExecutionContext } from "ava";
import { compareSwitches } from "../fuzz/differential/compare.ts";
import { PrivateOvs } from "../lab/ovs/private-ovs.ts";
import { LabUnavailableError } from "../src/base/errors.ts";

/** Set where the labs must be there: then their absence is a failure. */
const REQUIRED = "ISOREPLAY_REQUIRE_LABS";

/** Whether there is an Open vSwitch. Where there is none, the test says that it is skipped. */
async function hasOvs(t: ExecutionContext): Promise<boolean> {
  try {
    await using ovs = await PrivateOvs.start();
    return (await ovs.appctl("version")) !== "";
  } catch (error) {
    if (!(error instanceof LabUnavailableError)) throw error;
    if (process.env[REQUIRED] === undefined) t.log(`skipped: ${error.line}`);
    t.is(process.env[REQUIRED], undefined, error.line);
    return false;
  }
}

test("random packets through random rules leave the simulated switch as they leave Open vSwitch", async (t) => {
  t.timeout(120_000);
  if (!(await hasOvs(t))) return;
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
