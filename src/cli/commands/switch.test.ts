import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { isoreplay, scratch } from "../../../test/cli.fixture.ts";

const CASES = new URL("../../../cases/", import.meta.url).pathname;

test("cases that agree exit 0, with the number of those that do", async (t) => {
  const said = await isoreplay("switch", join(CASES, "snat.json"), join(CASES, "dnat.json"));
  t.is(said.status, 0, said.stderr);
  t.regex(
    said.stdout,
    /snat\.json: all \d+ steps agree\n[\s\S]*2 cases agree on sim|2 of 2 cases agree on sim/,
  );
});

test("a case that disagrees exits 1 and says where; as JSON, too", async (t) => {
  const file = join(await scratch(), "wrong.json");
  const steps = [
    { op: "warp", ms: 5 },
    { op: "ct", expect: ["tcp,orig=()"] },
  ];
  await writeFile(file, JSON.stringify({ name: "wrong", ports: [], flows: "", steps }));
  const said = await isoreplay("switch", file);
  t.is(said.status, 1);
  t.regex(
    said.stdout,
    /step 2 of 2 \(ct\) differs\n +expected {2}tcp,orig=\(\)\n0 of 1 case agree/,
  );
  const { results, ...totals } = JSON.parse((await isoreplay("switch", "--json", file)).stdout);
  t.deepEqual(totals, { on: "sim", cases: 1, agreeing: 0 });
  t.like(results[0], {
    file,
    name: "wrong",
    steps: 2,
    agrees: false,
    differs: { step: 2, op: "ct" },
  });
});

test("an unknown step exits 65 with file and step, and the other cases are played", async (t) => {
  const file = join(await scratch(), "unknown.json");
  await writeFile(
    file,
    JSON.stringify({ name: "unknown", ports: [], flows: "", steps: [{ op: "wrap", ms: 5 }] }),
  );
  const said = await isoreplay("switch", file, join(CASES, "snat.json"));
  t.is(said.status, 65);
  t.regex(
    said.stderr,
    /unknown\.json, step 1 \(wrap\): op: unknown step "wrap".*nearest is "warp"/,
  );
  t.regex(said.stdout, /1 of 1 case agree/);
});
