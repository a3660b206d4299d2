import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { runCommand } from "../base/command.ts";
import { readProvenance, recordedArguments } from "./manifest.ts";

async function project(t: { teardown(fn: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-test-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "package.json"), '{"version":"9.8.7"}');
  return folder;
}

const git = (cwd: string, ...args: string[]) =>
  runCommand("git", ["-c", "user.name=t", "-c", "user.email=t@example.org", ...args], { cwd });

test("outside a git checkout there is no commit, and no error", async (t) => {
  const found = await readProvenance(await project(t));
  t.is(found.isoreplay, "9.8.7");
  t.is(found.commit, null);
  t.is(found.modified, null);
  t.is(found.lockfile, null);
  t.is(found.versions.node, process.versions.node);
});

test("in a checkout the commit is named, and whether something differs from it", async (t) => {
  const folder = await project(t);
  await git(folder, "init", "-q");
  await git(folder, "add", ".");
  await git(folder, "commit", "-qm", "one");
  const clean = await readProvenance(folder);
  t.regex(clean.commit ?? "", /^[0-9a-f]{40}$/);
  t.false(clean.modified);
  await writeFile(join(folder, "package-lock.json"), "{}");
  const changed = await readProvenance(folder);
  t.true(changed.modified);
  t.regex(changed.lockfile ?? "", /^[0-9a-f]{64}$/);
});

test("a project inside somebody else's checkout does not borrow that commit", async (t) => {
  const folder = await project(t);
  await git(folder, "init", "-q");
  await git(folder, "add", ".");
  await git(folder, "commit", "-qm", "one");
  await mkdir(join(folder, "inner"));
  await writeFile(join(folder, "inner", "package.json"), '{"version":"1.0.0"}');
  t.is((await readProvenance(join(folder, "inner"))).commit, null);
});

test("where the folder was to go is not recorded", (t) => {
  t.deepEqual(recordedArguments(["run", "--out", "x", "paper", "--out=y", "--seed", "3"]), [
    "run",
    "paper",
    "--seed",
    "3",
  ]);
});
