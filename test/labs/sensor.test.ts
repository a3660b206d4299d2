/** The live analysis sees by a mirror in the switch. It has to be gone before isolation is asserted. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { Capsule } from "../../lab/mininet/capsule.ts";
import { Mirror } from "../../lab/mininet/mirror.ts";
import { OpenVSwitch } from "../../lab/mininet/ovs.ts";
import { SimLab } from "../../sim/lab.ts";
import type { Lab, RunningLab } from "../../src/run/lab.ts";
import type { BridgeName } from "../../src/run/plan.ts";
import { hasMininet } from "../labs.fixture.ts";
import { playLoop, shippedScenario } from "../loop.fixture.ts";

const SEED = 11;
const scenario = shippedScenario("zeus-cookie-theft", (text) =>
  text.replace(/rounds: \d+/, "rounds: 1"),
);

/** A lab in which something goes on copying what passes a bridge. */
function copying(bridge: BridgeName): Lab {
  const sim = new SimLab(SEED);
  return {
    kind: "sim",
    run: (plan, watch, experiment) =>
      sim.run(plan, watch, (lab: RunningLab) =>
        experiment({ ...lab, copies: async (name) => (name === bridge ? ["mirrors"] : []) }),
      ),
  };
}

for (const bridge of ["private", "isolation"] as const) {
  test.serial(`a mirror that is left on ${bridge} is a way out`, async (t) => {
    const { assertions } = await playLoop(scenario, SEED, {}, {}, copying(bridge));
    const containment = assertions.find(({ name }) => name === "containment");
    t.is(containment?.verdict, "fail");
    t.regex(
      containment?.evidence ?? "",
      new RegExp(`setting mirrors copies what passes ${bridge}`),
    );
  });
}

test.serial(
  "the switch itself says whether a mirror is there, and none is once it is removed",
  async (t) => {
    t.timeout(60_000);
    if (!hasMininet(t)) return;
    const rundir = await mkdtemp(join(tmpdir(), "isoreplay-mirror-"));
    await using capsule = await Capsule.start("mirror-test");
    const ovs = await OpenVSwitch.start(capsule, rundir);
    const link = { port: 1, mac: "52:54:00:0a:00:01", address: "10.0.0.1/24" };
    const host = { links: [{ bridge: "private", ...link }], gateway: null, forwards: false };
    const [place] = await capsule.build({
      rundir,
      datapath: "user",
      bridges: ["private", "isolation"],
      hosts: [{ name: "router", ...host }],
    });
    t.deepEqual(await ovs.copies("private"), []);
    const mirror = await Mirror.start(capsule, ovs, "private", place?.peers[0] ?? "");
    t.deepEqual(await ovs.copies("private"), ["mirrors"]);
    t.deepEqual(await ovs.copies("isolation"), []);
    await mirror.remove();
    t.deepEqual(await ovs.copies("private"), []);
    t.notRegex(await ovs.configure("list-ports", "private"), /mirror/);
  },
);
