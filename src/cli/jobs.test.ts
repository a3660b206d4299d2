import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import test from "ava";
import { isoreplay, scratch } from "../../test/cli.fixture.ts";
import { captureOf, page } from "./capture.fixture.ts";

/** Captures of different sizes, the largest first, with everything that can go wrong among them. */
async function captures(folder: string): Promise<string[]> {
  const bot = (client: string, polls: number) =>
    captureOf(
      client,
      Array.from({ length: polls }, (_, n) => page("/gate.php", 100 + n)),
    );
  const files: Record<string, Uint8Array> = {
    "large.pcap": bot("10.0.0.1", 500),
    "small.pcap": bot("10.0.0.2", 3),
    "notes.txt": Buffer.from("this is no capture"),
    "packed.pcap.gz": gzipSync(bot("10.0.0.3", 300)),
    "garbage.gz": Buffer.concat([gzipSync(bot("10.0.0.4", 20)), Buffer.from("garbage")]),
    "cut.pcap": bot("10.0.0.5", 40).subarray(0, -150),
    "last.pcap": bot("10.0.0.6", 200),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return [...Object.keys(files).map((name) => join(folder, name)), join(folder, "absent.pcap")];
}

const same = test.macro<[command: readonly string[], ...jobs: number[]]>({
  async exec(t, command, ...several) {
    const folder = await scratch();
    t.teardown(() => rm(folder, { recursive: true }));
    const files = await captures(folder);
    const one = await isoreplay(...command, "--jobs", "1", ...files);
    t.is(one.status, 65);
    t.regex(
      one.stderr,
      /notes\.txt: this is neither[\s\S]*garbage\.gz: something[\s\S]*absent\.pcap: there is no/,
    );
    t.regex(one.stdout, /10\.0\.0\.1[\s\S]*10\.0\.0\.6/);
    for (const jobs of several)
      t.deepEqual(await isoreplay(...command, "--jobs", `${jobs}`, ...files), one);
  },
  title: (_, command) =>
    `as many jobs as there are, the same output, and no error stops others: ${command.join(" ")}`,
});

test(same, ["extract"], 2, 30);
test(same, ["observe"], 4);
test(same, ["observe", "--json"], 3);
test(same, ["classify"], 4);

test("train writes the same model in any number of jobs, and none if one capture is bad", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const [large = "", small = "", bad = "", packed = ""] = await captures(folder);
  const model = join(folder, "model.json");
  const train = (jobs: string, ...files: string[]) =>
    isoreplay("train", "--model", model, "--k", "1", "--jobs", jobs, "--json", ...files);
  const one = await train("1", large, small, packed);
  t.is(one.status, 0, one.stderr);
  t.deepEqual(await train("3", large, small, packed), one);
  const refused = await train("3", large, bad, small);
  t.is(refused.status, 65);
  t.regex(refused.stderr, /^isoreplay: .*notes\.txt: this is neither/m);
});
