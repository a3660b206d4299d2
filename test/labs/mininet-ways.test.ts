/** The ways of replay on real hosts and a real Open vSwitch, with a small scenario. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import type { Results } from "../../src/run/results.ts";
import type { Way } from "../../src/scenario/way.ts";
import { isoreplay, scratch } from "../cli.fixture.ts";
import { hasMininet, hasProxy } from "../labs.fixture.ts";

const DEADLINE_MS = 300_000;

const scenario = (way: Way) => `
name: small-${way}
behaviours:
  cookie-theft: { command: user_cookies_get, training_bots: 2, sessions_per_bot: 3 }
  os-shutdown: { command: os_shutdown, training_bots: 2, sessions_per_bot: 3, suspects: 0 }
benign:
  sites:
    shop: { kind: php-site, address: 203.0.113.21, host: shop.example }
  visitors:
    - { site: shop, sessions: 2, clients: 1 }
rounds: 1
replay: { way: ${way} }
`;

/** The run of the small scenario in one lab. */
async function play(t: ExecutionContext, way: Way, ...lab: string[]): Promise<[Results, string]> {
  const out = await scratch();
  const file = join(out, `small-${way}.yaml`);
  await writeFile(file, scenario(way));
  const { stderr } = await isoreplay("run", file, "--out", out, ...lab);
  const folder = join(out, `small-${way}`, "latest");
  const results = JSON.parse(await readFile(join(folder, "results.json"), "utf8")) as Results;
  t.is(results.replayWay, way, stderr);
  return [results, folder];
}

function behavedAgain(t: ExecutionContext, { assertions, rounds }: Results): void {
  // One round has no earlier one to be compared with.
  for (const name of ["judgement", "containment", "replay", "manifestation"]) {
    const assertion = assertions.find((each) => each.name === name);
    t.is(assertion?.verdict, "pass", `${name}: ${assertion?.evidence}`);
  }
  const [suspect] = rounds[0]?.suspects ?? [];
  t.deepEqual(
    suspect?.effectsInIsolation.map(({ kind }) => kind),
    ["cookies-posted"],
  );
  t.true((suspect?.replay?.seen ?? 0) > 0);
  t.is(suspect?.replay?.answers, suspect?.replay?.seen);
  t.true((rounds[0]?.containment?.proof.control ?? 0) > 0);
  t.deepEqual(rounds[0]?.containment?.proof.waysOut, []);
}

test.serial(
  "behind NAT a responder replays on a real Open vSwitch, as in the simulator",
  async (t) => {
    t.timeout(DEADLINE_MS);
    if (!hasMininet(t)) return;
    const [results, folder] = await play(t, "nat", "--lab", "mininet");
    behavedAgain(t, results);
    const [simulated, sim] = await play(t, "nat");
    behavedAgain(t, simulated);
    const compared = await isoreplay("compare", sim, folder);
    t.is(compared.status, 0, compared.stdout);
  },
);

test.serial(
  "a redirecting proxy replays on a real Open vSwitch, and has no upstream",
  async (t) => {
    t.timeout(DEADLINE_MS);
    if (!hasMininet(t) || !hasProxy(t)) return;
    const [results] = await play(t, "proxy", "--lab", "mininet");
    behavedAgain(t, results);
  },
);
