/** The ways of replay on the simulator: the same loop, the same assertions, the same proof of containment. */
import test from "ava";
import { LabUnavailableError } from "../src/base/errors.ts";
import { parts as real } from "../src/cli/parts.ts";
import type { Parts } from "../src/run/parts.ts";
import type { ReplayNetwork, ReplayWay } from "../src/run/way.ts";
import type { Way } from "../src/scenario/way.ts";
import { playLoop, shippedScenario } from "./loop.fixture.ts";

const SEED = 1;
const scenario = (way: Way, rounds = 1) =>
  shippedScenario(
    "zeus-cookie-theft",
    (text) => `${text}\nrounds: ${rounds}\nreplay: { way: ${way} }\n`,
  );

const { nat } = real.ways;
const withNat = (change: Partial<ReplayWay>): Partial<Parts> => ({
  ways: { ...real.ways, nat: { ...nat, ...change } },
});

test.serial("by way of NAT the behaviour shows again, and nothing gets out", async (t) => {
  const { verdicts, rounds } = await playLoop(scenario("nat", 2), SEED);
  t.deepEqual(new Set(Object.values(verdicts)), new Set(["pass"]));
  const [suspect] = rounds[0]?.suspects ?? [];
  t.is(suspect?.replay?.identical, suspect?.replay?.seen);
  t.is(suspect?.replay?.answers, suspect?.replay?.seen);
  t.deepEqual(
    suspect?.effectsInIsolation.map(({ kind, network }) => [kind, network]),
    [["cookies-posted", "isolation"]],
  );
  const { proof } = rounds[0]?.containment ?? {};
  t.true((proof?.control ?? 0) > 0);
  t.is(proof?.checked, 2);
});

test.serial("packet by packet and by way of NAT the guest is told the same", async (t) => {
  const ways = await Promise.all(
    (["packet", "nat"] as const).map((way) => playLoop(scenario(way), SEED)),
  );
  const [packet, translated] = ways.map(({ rounds }) => rounds[0]?.suspects[0]?.replay);
  t.truthy(packet);
  const { startS: _, ...said } = packet ?? { startS: 0 };
  t.like(translated, said);
});

const notices = test.macro(async (t, change: Partial<ReplayWay>, assertion: string) => {
  const { assertions } = await playLoop(scenario("nat"), SEED, withNat(change));
  const found = assertions.find(({ name }) => name === assertion);
  t.is(found?.verdict, "fail", found?.evidence);
});

/** The rules with this done to each line of them. */
const changed = (change: (line: string, network: ReplayNetwork) => string) => ({
  rules: (network: ReplayNetwork) =>
    nat
      .rules(network)
      .split("\n")
      .map((line) => change(line, network))
      .join("\n"),
});

test.serial(
  "NAT without its guard is noticed: with the range exhausted a packet would leave untranslated",
  notices,
  changed((line, { responder }) =>
    line.startsWith("table=2") && responder !== null
      ? line.replace(/nw_dst=([\d.]+),tp_dst=\d+,/, (whole, address) =>
          address === responder.address ? "" : whole,
        )
      : line,
  ),
  "containment",
);

test.serial(
  "nor does a responder's untranslated answer pass unnoticed where nothing asks in whose name it is",
  notices,
  changed((line, { responder }) =>
    line.startsWith(`table=2,priority=90,tcp,in_port=${responder?.port}`)
      ? line.replace(/nw_src=[\d.]+,tp_src=\d+,/, "")
      : line,
  ),
  "containment",
);

test.serial(
  "a responder whose answers go elsewhere, too, is noticed",
  notices,
  changed((line, { responder }) =>
    line.startsWith(`table=2,priority=90,tcp,in_port=${responder?.port}`)
      ? `${line},output:2`
      : line,
  ),
  "containment",
);

test.serial(
  "a responder with a way out of its own is noticed",
  notices,
  changed((line, { responder }) =>
    line === "table=0,priority=0,actions=drop"
      ? `table=0,priority=5,in_port=${responder?.port},actions=output:2\n${line}`
      : line,
  ),
  "containment",
);

test.serial(
  "a responder that gives no answers is noticed",
  notices,
  {
    serve: (request) => nat.serve({ ...request, responder: null }),
  },
  "manifestation",
);

test("the simulator cannot run a proxy, and says which lab can", async (t) => {
  const error = await t.throwsAsync(playLoop(scenario("proxy"), SEED), {
    instanceOf: LabUnavailableError,
  });
  t.is(error?.status, 69);
  t.is(
    error?.line,
    "the lab sim cannot replay by way of proxy (use --lab mininet, or another replay.way in the scenario)",
  );
});
