import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { isoreplay, scratch } from "./cli.fixture.ts";

interface Refused {
  /** Makes the bad input in the folder, and returns the arguments. */
  readonly given: (folder: string) => Promise<readonly string[]>;
  readonly status: number;
  readonly says: RegExp;
}

const refused = test.macro(async (t, { given, status, says }: Refused) => {
  const folder = await scratch();
  const args = await given(folder);
  const before = await readdir(folder, { recursive: true });
  const said = await isoreplay(...args);
  t.is(said.status, status, said.stderr);
  t.regex(said.stderr, says);
  t.is(said.stderr.trim().split("\n").length, 1, said.stderr);
  t.deepEqual(await readdir(folder, { recursive: true }), before, "something was left behind");
  await rm(folder, { recursive: true });
});

/** A file in the folder with this content, behind these arguments. */
function file(name: string, content: string | Uint8Array, ...args: string[]) {
  return async (folder: string) => {
    await writeFile(join(folder, name), content);
    return [...args, join(folder, name)];
  };
}

test.serial("an absent capture", refused, {
  given: async (folder) => ["extract", join(folder, "absent.pcap")],
  status: 65,
  says: /absent\.pcap: there is no such file/,
});
test.serial("an empty capture", refused, {
  given: file("empty.pcap", "", "extract"),
  status: 65,
  says: /empty\.pcap.*empty/,
});
test.serial("a file that is no capture", refused, {
  given: file("notes.txt", "this is no capture at all, but a text", "classify"),
  status: 65,
  says: /notes\.txt/,
});
test.serial("a folder instead of a capture", refused, {
  given: async (folder) => ["observe", folder],
  status: 65,
  says: /is a folder, not a capture/,
});
test.serial("a file that is no capture cannot drive the loop", refused, {
  given: async (folder) => [
    ...(await file(
      "notes.txt",
      "this is no capture at all, but a text",
      "run",
      "--capture",
    )(folder)),
    "--out",
    join(folder, "runs"),
  ],
  status: 65,
  says: /notes\.txt/,
});

test.serial(
  "an unknown key of a scenario is named with its place and the nearest valid key",
  refused,
  {
    given: file("s.yaml", "name: mine\nrouns: 3\n", "validate"),
    status: 65,
    says: /s\.yaml:2:1: .*rouns.*rounds/,
  },
);
test.serial("a value of the wrong type is named with its place", refused, {
  given: file("s.yaml", "name: mine\nrounds: many\n", "validate"),
  status: 65,
  says: /s\.yaml:2:9: /,
});
test.serial("a visitor of an unknown site is named with its place", refused, {
  given: file("s.yaml", "name: mine\nbenign:\n  visitors:\n    - { site: nowhere }\n", "run"),
  status: 65,
  says: /s\.yaml:4:\d+: .*nowhere/,
});
test.serial("an unknown scenario is refused with the nearest name", refused, {
  given: async () => ["run", "papper"],
  status: 65,
  says: /papper: .*paper/,
});

test.serial("a model of another version is refused, and what helps is said", refused, {
  given: async (folder) => {
    const [, capture = ""] = await file("c.pcap", PCAP, "x")(folder);
    const model = JSON.stringify({ format: "isoreplay-model", version: 2 });
    return [...(await file("m.json", model, "classify", capture, "--model")(folder))];
  },
  status: 65,
  says: /m\.json: model version 2; this program reads version 1 \(train again\)/,
});

test.serial(
  "an output folder that cannot be written is refused before the long work begins",
  refused,
  {
    given: async (folder) => {
      // A file where the folder should be: refused for root, too, whom permissions do not stop.
      await writeFile(join(folder, "taken"), "");
      return ["run", "--out", join(folder, "taken", "runs")];
    },
    status: 65,
    says: /taken/,
  },
);
test.serial("an unknown lab is a mistake of usage", refused, {
  given: async () => ["run", "--lab", "cloud"],
  status: 64,
  says: /cloud/,
});
test.serial("an unknown command is refused with the nearest one", refused, {
  given: async () => ["clasify", "x.pcap"],
  status: 64,
  says: /classify/,
});

test.serial("a capture that is cut short gives what is before the cut, and says so", async (t) => {
  const folder = await scratch();
  const path = join(folder, "cut.pcap");
  await writeFile(path, PCAP.subarray(0, PCAP.length - 10));
  const said = await isoreplay("extract", path);
  t.is(said.status, 0, said.stderr);
  t.regex(said.stderr, /cut-short 1/);
  await rm(folder, { recursive: true });
});

test.serial("a run folder that somebody changed does not verify", async (t) => {
  const folder = await scratch();
  await isoreplay("run", "zeus-homepage-set", "--out", folder);
  const run = join(folder, "latest");
  await writeFile(join(run, "extra.txt"), "x");
  await writeFile(join(run, "results.json"), "{}");
  await rm(join(run, "events.jsonl"));
  const said = await isoreplay("verify", run);
  t.is(said.status, 1);
  for (const name of ["extra.txt", "results.json", "events.jsonl"])
    t.true(said.stdout.includes(name));
  await rm(folder, { recursive: true });
});

/** A capture of one ARP request. */
const PCAP = new Uint8Array(
  Buffer.from(
    "d4c3b2a1020004000000000000000000ffff000001000000" +
      "00000000000000002a0000002a000000" +
      "ffffffffffff525400000001080600010800060400015254000000010a0a000a0000000000000a0a0001",
    "hex",
  ),
);
