import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { captureOf, page } from "../src/cli/capture.fixture.ts";
import type { Results } from "../src/run/results.ts";
import { isoreplay, scratch } from "./cli.fixture.ts";

const PAGES = Array.from({ length: 6 }, (_, n) => page("/gate.php", 300 + n));
const SEEN_TWICE = /^nat\.pcap: packets 72, .*natDuplicates 6$/m;

/** A bot behind a router that recorded both its sides. */
async function translated(folder: string): Promise<string> {
  const file = join(folder, "nat.pcap");
  await writeFile(file, captureOf("10.0.0.5", PAGES, "198.51.100.1"));
  return file;
}

test("observe, classify and train see a translated conversation once, and count it in the same words", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const file = await translated(folder);
  const model = join(folder, "model.json");
  const commands: readonly string[][] = [
    ["observe", file],
    ["classify", file],
    ["train", file, "--model", model, "--k", "1"],
  ];
  const said = await Promise.all(commands.map((command) => isoreplay(...command)));
  for (const { status, stderr, stdout } of said) {
    t.is(status, 0, stderr);
    t.regex(stderr, SEEN_TWICE);
    t.is(stderr, said[0]?.stderr ?? "");
    t.notRegex(stdout, /198\.51\.100\.1/);
  }
});

test("a capture that drives the loop is played once where a router shows it twice", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const said = await isoreplay("run", "--capture", await translated(folder), "--out", folder);
  t.is(said.status, 2, said.stderr);
  t.regex(said.stderr, SEEN_TWICE);
  const results = JSON.parse(
    await readFile(join(folder, "latest", "results.json"), "utf8"),
  ) as Results;
  t.is(results.rounds[0]?.suspects[0]?.replay?.requestsRecorded, PAGES.length);

  const outer = await isoreplay(
    ...["run", "--capture", await translated(folder), "--client", "198.51.100.1"],
    ...["--out", join(folder, "outer")],
  );
  t.is(outer.status, 65);
  t.regex(
    outer.stderr,
    /no HTTP request of the client 198\.51\.100\.1 .*clients found: 10\.0\.0\.5/,
  );
});
