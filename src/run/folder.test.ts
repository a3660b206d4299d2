import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { InputError } from "../base/errors.ts";
import { RunFolder } from "./folder.ts";
import { manifestSchema, type Provenance } from "./manifest.ts";
import { verifyRun } from "./verify.ts";

const provenance: Provenance = {
  isoreplay: "0.0.0",
  commit: null,
  modified: null,
  lockfile: null,
  versions: { node: "24.0.0", ovs: null, kernel: "Linux 6" },
};
const startedAt = new Date("2026-03-01T10:20:30.456Z");
const NAME = "2026-03-01T10-20-30Z-sim-1";

async function base(t: { teardown(fn: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-test-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const options = (folder: string) => ({
  base: folder,
  scenario: "paper",
  lab: "sim",
  seed: 1,
  startedAt,
});

async function run(folder: string): Promise<string> {
  await using open = await RunFolder.create(options(folder));
  open.writeText("results.json", "{}\n");
  const events = open.file("events.jsonl");
  for (let i = 0; i < 50_000; i++) events.write(`{"n":${i}}\n`);
  open.inputText("some/where/paper.yaml", "name: paper\n");
  return (await open.finish(provenance, ["run"])).path;
}

test("a finished run is whole, verifies, and both links lead to it", async (t) => {
  const folder = await base(t);
  const path = await run(folder);
  t.is(path, join(folder, "paper", NAME));
  t.deepEqual((await readdir(path)).sort(), ["events.jsonl", "manifest.json", "results.json"]);
  t.is(await readlink(join(folder, "paper", "latest")), NAME);
  t.is(await readlink(join(folder, "latest")), join("paper", NAME));
  t.true((await verifyRun(path)).ok);
  t.true((await verifyRun(join(folder, "latest"))).ok);
});

test("the manifest has neither a time nor a path in it", async (t) => {
  const folder = await base(t);
  const text = await readFile(join(await run(folder), "manifest.json"), "utf8");
  t.deepEqual(
    manifestSchema.parse(JSON.parse(text)).inputs.map((file) => file.name),
    ["paper.yaml"],
  );
  t.notRegex(text, /2026|T10|isoreplay-test|some/);
});

test("two runs in the same second get different names, and latest is the later one", async (t) => {
  const folder = await base(t);
  const [first, second] = [await run(folder), await run(folder)];
  t.is(second, `${first}-2`);
  t.is(await readlink(join(folder, "paper", "latest")), `${NAME}-2`);
  t.is(
    await readFile(join(first, "manifest.json"), "utf8"),
    await readFile(join(second, "manifest.json"), "utf8"),
  );
});

test("runs that are under way at the same time do not disturb each other", async (t) => {
  const folder = await base(t);
  const paths = await Promise.all([run(folder), run(folder), run(folder)]);
  t.is(new Set(paths).size, 3);
  for (const path of paths) t.true((await verifyRun(path)).ok);
});

test("a run that fails leaves nothing behind", async (t) => {
  const folder = await base(t);
  const out = join(folder, "out");
  await t.throwsAsync(async () => {
    await using open = await RunFolder.create(options(out));
    open.writeText("results.json", "{}\n");
    throw new Error("the lab broke");
  });
  t.deepEqual(await readdir(folder), []);
});

test("a failed run does not remove an empty folder that was there before", async (t) => {
  const folder = await base(t);
  await mkdir(join(folder, "out"));
  (await RunFolder.create(options(join(folder, "out", "deep")))).discard();
  t.deepEqual(await readdir(join(folder, "out")), []);
});

test("a failed run leaves earlier runs alone", async (t) => {
  const folder = await base(t);
  await run(folder);
  const open = await RunFolder.create(options(folder));
  open.discard();
  t.deepEqual((await readdir(join(folder, "paper"))).sort(), [NAME, "latest"]);
});

test("an output folder that is a file is refused before anything is written", async (t) => {
  const folder = await base(t);
  const file = join(folder, "file");
  await writeFile(file, "");
  for (const out of [file, join(file, "deeper")]) {
    const error = await t.throwsAsync(RunFolder.create(options(out)), { instanceOf: InputError });
    t.is(
      error?.line,
      `${out}: the output folder is, or leads through, something that is not a folder (choose another with --out DIR)`,
    );
  }
});

(process.getuid?.() === 0 ? test.skip : test)(
  "an output folder that may not be written is refused before anything is written",
  async (t) => {
    const folder = await base(t);
    await chmod(folder, 0o500);
    const error = await t.throwsAsync(RunFolder.create(options(folder)), {
      instanceOf: InputError,
    });
    t.regex(error?.line ?? "", /may not be written/);
  },
);

test("a scenario's name cannot lead out of the output folder, nor hide behind the link", async (t) => {
  const folder = await base(t);
  for (const scenario of ["../x", "a/b", "latest", "", ".hidden"])
    await t.throwsAsync(RunFolder.create({ ...options(folder), scenario }), {
      instanceOf: InputError,
    });
  t.deepEqual(await readdir(folder), []);
});

test("a link that cannot be set is a warning, not a lost run", async (t) => {
  const folder = await base(t);
  await mkdir(join(folder, "latest", "something"), { recursive: true });
  await using open = await RunFolder.create(options(folder));
  const { path, warnings } = await open.finish(provenance, []);
  t.is(warnings.length, 1);
  t.true((await verifyRun(path)).ok);
});

test("verify names what is missing, what was changed and what does not belong", async (t) => {
  const folder = await base(t);
  const path = await run(folder);
  await writeFile(join(path, "notes.txt"), "mine");
  await writeFile(join(path, "events.jsonl"), "{}\n");
  await rm(join(path, "results.json"));
  t.deepEqual(await verifyRun(path), {
    ok: false,
    intact: [],
    missing: ["results.json"],
    changed: ["events.jsonl"],
    extra: ["notes.txt"],
  });
});

test("a link in place of a file counts as changed, even when the content is the same", async (t) => {
  const folder = await base(t);
  const path = await run(folder);
  const content = await readFile(join(path, "results.json"));
  await writeFile(join(folder, "elsewhere"), content);
  await rm(join(path, "results.json"));
  await symlink("../../elsewhere", join(path, "results.json"));
  t.deepEqual((await verifyRun(path)).changed, ["results.json"]);
});

test("a folder that is no run folder is refused in one line", async (t) => {
  const folder = await base(t);
  const error = await t.throwsAsync(verifyRun(folder), { instanceOf: InputError });
  t.regex(error?.line ?? "", /is not a run folder: there is no readable manifest.json/);
  await writeFile(join(folder, "manifest.json"), '{"format":"isoreplay-manifest","version":2}');
  await t.throwsAsync(verifyRun(folder), { instanceOf: InputError, message: /version/ });
  await writeFile(join(folder, "manifest.json"), "{");
  await t.throwsAsync(verifyRun(folder), { instanceOf: InputError, message: /not JSON/ });
});
