import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { isoreplay, scratch } from "./cli.fixture.ts";

/** Name and bytes of every file of the latest run under a folder. */
async function bytesOf(out: string): Promise<Map<string, string>> {
  const folder = join(out, "latest");
  const names = (await readdir(folder)).sort();
  const files = await Promise.all(names.map((name) => readFile(join(folder, name), "latin1")));
  return new Map(names.map((name, i) => [name, files[i] ?? ""]));
}

test("one seed gives the same run folder byte for byte, another seed another", async (t) => {
  const outs = await Promise.all([scratch(), scratch(), scratch()]);
  const [first, second, other] = outs;
  const play = (out: string, seed: string) =>
    isoreplay("run", "zeus-homepage-set", "--seed", seed, "--out", out);
  const said = await Promise.all([play(first, "5"), play(second, "5"), play(other, "6")]);
  t.deepEqual(
    said.map((s) => s.status),
    [0, 0, 0],
  );
  const [a, b, c] = await Promise.all([bytesOf(first), bytesOf(second), bytesOf(other)]);
  t.deepEqual([...a.keys()], [...b.keys()]);
  for (const [name, bytes] of a) t.true(bytes === b.get(name), `${name} differs`);
  t.not(a.get("round-1-uplink.pcap"), c.get("round-1-uplink.pcap"));

  const verified = await isoreplay("verify", join(first, "latest"));
  t.is(verified.status, 0, verified.stderr);
  await Promise.all(outs.map((out) => rm(out, { recursive: true })));
});
