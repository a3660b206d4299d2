/** A suspect is cut off in the middle of what it has open: TCP, UDP and DNS conversations that are used at that moment. */
import test from "ava";
import { SimLab } from "../sim/lab.ts";
import { parts as real } from "../src/cli/parts.ts";
import type { Lab, RunningLab } from "../src/run/lab.ts";
import { playLoop, shippedScenario } from "./loop.fixture.ts";

const SEED = 11;
const scenario = shippedScenario("zeus-cookie-theft", (text) =>
  text.replace(/rounds: \d+/, "rounds: 1"),
);

test.serial(
  "a suspect has TCP, UDP and DNS conversations open at its verdict, and none goes on after the cut",
  async (t) => {
    const { rounds, verdicts } = await playLoop(scenario, SEED);
    t.is(verdicts.containment, "pass");
    for (const { name, conversations, verdictTimeS } of rounds.flatMap((round) => round.suspects)) {
      const open = (conversations ?? []).filter((c) => c.open);
      t.deepEqual(
        new Set(open.map(({ protocol }) => protocol)),
        new Set(["tcp", "udp", "dns"]),
        name,
      );
      for (const { lastBeforeCutS, lastAfterCutS, framesAfterCut } of open) {
        t.true((verdictTimeS ?? 0) - (lastBeforeCutS ?? 0) < 30);
        t.is(lastAfterCutS, null);
        t.is(framesAfterCut, 0);
      }
    }
  },
);

test.serial("what the bot says to its C&C is the same with a companion and without", async (t) => {
  const talk = async (isAlone: boolean) => {
    const { rounds } = await playLoop(scenario, SEED, {}, {}, alone(isAlone));
    const suspect = rounds[0]?.suspects[0];
    const observed = rounds[0]?.observations.filter(({ client }) => client === suspect?.address);
    return observed?.map(({ server, values }) => {
      const { response_bytes_mean, php_requests } = values;
      return { server, response_bytes_mean, php_requests };
    });
  };
  const together = await talk(false);
  t.true((together?.length ?? 0) > 0);
  t.deepEqual(together, await talk(true));
});

/** A lab in which companions do not start. */
function alone(isAlone: boolean): Lab {
  return changed((lab) => ({
    ...lab,
    start: (host, program) =>
      isAlone && program.kind === "companion" ? Promise.resolve("ended") : lab.start(host, program),
  }));
}

function changed(change: (lab: RunningLab) => RunningLab): Lab {
  const sim = new SimLab(SEED);
  return {
    kind: "sim",
    run: (plan, watch, experiment) => sim.run(plan, watch, (lab) => experiment(change(lab))),
  };
}

test.serial("a cut that spares what is established is noticed", async (t) => {
  // No new connection of the instance; and what conntrack knows of it is not forgotten.
  const forgetful = changed((lab) => ({
    ...lab,
    setRules: (bridge, rules) => lab.setRules(bridge, rules),
  }));
  const { assertions, rounds } = await playLoop(
    scenario,
    SEED,
    {
      privateRules: (network) =>
        real.privateRules({ ...network, cut: [] }) +
        network.cut
          .map((s) => `table=1,priority=88,ct_state=+trk+new,in_port=${s.port},actions=drop\n`)
          .join(""),
    },
    {},
    forgetful,
  );
  const containment = assertions.find(({ name }) => name === "containment");
  t.is(containment?.verdict, "fail");
  t.regex(containment?.evidence ?? "", /conversation \S+ → \S+, which was open at the verdict/);
  const open = rounds[0]?.suspects[0]?.conversations?.filter((c) => c.open) ?? [];
  for (const protocol of ["tcp", "udp", "dns"])
    t.true(
      open.some((c) => c.protocol === protocol && c.framesAfterCut > 0),
      protocol,
    );
});

test.serial("without open conversations at the verdict the containment stays open", async (t) => {
  const { assertions } = await playLoop(scenario, SEED, {
    privateRules: (network) =>
      `${real.privateRules(network)}table=0,priority=900,udp,tp_dst=53,actions=drop\n`,
  });
  const containment = assertions.find(({ name }) => name === "containment");
  t.is(containment?.verdict, "inconclusive");
  t.regex(containment?.evidence ?? "", /had no dns conversation open at the verdict/);
});
