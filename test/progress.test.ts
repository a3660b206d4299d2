import { rm } from "node:fs/promises";
import test from "ava";
import { isoreplay, scratch } from "./cli.fixture.ts";

test("in a pipe a run tells each phase on stderr in a line of its own, and nothing else changes", async (t) => {
  const out = await scratch();
  t.teardown(() => rm(out, { recursive: true, force: true }));
  const run = (...more: string[]) =>
    isoreplay("run", "zeus-cookie-theft", "--out", out, "--json", ...more);
  const [told, quiet] = [await run(), await run("--quiet")];
  t.is(told.status, 0);
  const lines = told.stderr.split("\n");
  const phases = [
    /· lab up: \d+ hosts$/,
    /· traffic: \d+ hosts$/,
    /· verdict of: vm-cookie-theft-1: known cookie-theft$/,
    /· isolated: vm-cookie-theft-1 in [\d.]+ ms$/,
    /· replay: iso-cookie-theft-1 runs from the volume of vm-cookie-theft-1$/,
    /· containment: 0 frames at the outlet, 0 ways out in \d+ rule sets$/,
  ];
  const at = phases.map((phase) => lines.findIndex((line) => phase.test(line)));
  t.false(at.includes(-1), told.stderr);
  t.deepEqual(
    at,
    at.toSorted((a, b) => a - b),
  );
  for (const line of lines) t.regex(line, /^zeus-cookie-theft · round \d+ · [\w -]+: /);
  t.is(quiet.stderr, "");
  t.is(quiet.stdout, told.stdout);
});
