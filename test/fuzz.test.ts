import test from "ava";
import type { Finding } from "../fuzz/finding.ts";
import { hunt } from "../fuzz/hunt.ts";
import { Inputs } from "../fuzz/inputs.ts";
import { TARGETS } from "../fuzz/targets.ts";

/** One finding is enough. */
async function find(targets: readonly string[], inputsMax: number, inputMs: number) {
  const findings: Finding[] = [];
  const report = await hunt({
    ...{ seed: "test", targets, inputsMax, inputMs, shrinkMs: 2_000 },
    isOver: () => findings.length > 0,
    onProgress: () => undefined,
    onFinding: async (finding) => {
      findings.push(finding);
    },
  });
  return { findings, report };
}

// The positive control: what is planted is found, or the hunt would find nothing else either.
for (const [target, kind] of [
  ["planted-crash", "crash"],
  ["planted-hang", "hang"],
  ["planted-memory", "memory"],
  ["planted-bytes", "memory"],
] as const) {
  test.serial(
    `the fuzzer finds the fault of ${target}, and the smallest input that shows it`,
    async (t) => {
      const { findings } = await find([target], 200, kind === "hang" ? 2_000 : 60_000);
      t.is(findings.length, 1);
      t.like(findings[0], { target, fault: { kind } });
      const input = Buffer.from(findings[0]?.input ?? []).toString();
      t.true(input.includes("x") && input.includes("y"));
      // Starting again after each hang takes long: those are hardly shrunk in this time.
      if (kind === "crash") t.is(input.length, 2, input);
    },
  );
}

test("the same seed gives the same inputs", (t) => {
  const texts = (seed: string) => {
    const inputs = new Inputs(seed, TARGETS);
    return Array.from({ length: 300 }, (_, i) => Buffer.from(inputs.inputOf(i)).toString("latin1"));
  };
  t.deepEqual(texts("a"), texts("a"));
  t.notDeepEqual(texts("a"), texts("b"));
});

test.serial("a short hunt through every reader finds nothing", async (t) => {
  const { findings, report } = await find(
    TARGETS.map(({ name }) => name),
    1_500,
    30_000,
  );
  t.deepEqual(
    findings.map(({ target, fault }) => `${target}: ${fault.detail}`),
    [],
  );
  t.is(report.inputs, 1_500);
  t.is(report.tallies.size, TARGETS.length);
});
