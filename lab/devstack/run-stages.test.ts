import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { EXECUTE } from "../command/runner.ts";
import { runStages } from "./run-stages.ts";
import type { Stage } from "./stage.ts";
import { readRecord, type StageRecord } from "./stage-record.ts";
import { Vagrant } from "./vagrant.ts";

const FRESH: StageRecord = { password: "x", done: [], begun: null };

/** What Vagrant would print and do, in a shell's words. */
const standIn = (script: string) => new Vagrant(EXECUTE, {}, ["sh", "-c", script, "sh"]);

interface Tried {
  readonly happened: string[];
  readonly error: LabUnavailableError | null;
  readonly record: StageRecord | null;
}

async function attempt(folder: string, stages: Stage[], record = readRecord(folder) ?? FRESH) {
  const happened: string[] = [];
  let error: LabUnavailableError | null = null;
  const wrapped = stages.map((stage) => ({
    ...stage,
    run: (work: Parameters<Stage["run"]>[0]) => {
      happened.push(`run ${stage.name}`);
      return stage.run(work);
    },
  }));
  try {
    await runStages({
      stages: wrapped,
      record,
      folder,
      news: { stage: () => {}, progress: (line) => happened.push(`news ${line}`) },
      machine: {
        save: async (name) => void happened.push(`save ${name}`),
        restore: async (name) => void happened.push(`restore ${name}`),
      },
    });
  } catch (caught) {
    if (!(caught instanceof LabUnavailableError)) throw caught;
    error = caught;
  }
  return { happened, error, record: readRecord(folder) } satisfies Tried;
}

function stage(name: string, script: string, more: Partial<Stage> = {}): Stage {
  return {
    name,
    title: name,
    deadlineMs: 20_000,
    inputs: "1",
    snapshot: true,
    run: async (work) => {
      await standIn(script).run([], work);
    },
    ...more,
  };
}

function folderOf(t: { teardown(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "isoreplay-stages-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

const SAYS = "echo 1795527254,devstack,ui,detail,hello%!'(VAGRANT_COMMA)' world";

test("stages are done in order, each is saved, logged and told of", async (t) => {
  const folder = folderOf(t);
  const { happened, record } = await attempt(folder, [stage("boot", SAYS), stage("stack", "true")]);
  t.deepEqual(happened, [
    "run boot",
    "news hello, world",
    "save after-boot",
    "run stack",
    "save after-stack",
  ]);
  t.is(readFileSync(join(folder, "1-boot.log"), "utf8"), "hello, world\n");
  t.deepEqual(
    record?.done.map(({ name, snapshot }) => [name, snapshot]),
    [
      ["boot", "after-boot"],
      ["stack", "after-stack"],
    ],
  );
  // There are passwords in it.
  t.is(statSync(join(folder, "stages.json")).mode & 0o777, 0o600);
});

test("what failed is tried again from the last good stage's snapshot", async (t) => {
  const folder = folderOf(t);
  const failing = "echo '1795527254,,error-exit,Vagrant::Errors::X,stack.sh failed'; exit 1";
  const first = await attempt(folder, [stage("boot", "true"), stage("stack", failing)]);
  t.is(first.error?.message, "stage stack failed: vagrant : exit status 1: stack.sh failed");
  t.is(first.error?.where, join(folder, "2-stack.log"));
  t.is(first.record?.begun, "stack");

  const second = await attempt(folder, [stage("boot", "true"), stage("stack", "true")]);
  t.deepEqual(second.happened, ["restore after-boot", "run stack", "save after-stack"]);
  t.is(second.record?.begun, null);

  const third = await attempt(folder, [stage("boot", "true"), stage("stack", "true")]);
  t.deepEqual(third.happened, []);
});

test("a stage whose inputs have changed is done again, and all after it", async (t) => {
  const folder = folderOf(t);
  const stages = ["boot", "packages", "stack"].map((name) => stage(name, "true"));
  await attempt(folder, stages);
  const changed = stages.map((one, i) => (i === 1 ? { ...one, inputs: "2" } : one));
  const { happened } = await attempt(folder, changed);
  t.deepEqual(happened, [
    "restore after-boot",
    "run packages",
    "save after-packages",
    "run stack",
    "save after-stack",
  ]);
});

test("a stage that takes too long is ended at its deadline, with its command", async (t) => {
  const folder = folderOf(t);
  const started = performance.now();
  const slow = stage("stack", "echo 1795527254,,ui,say,begun; exec sleep 60", { deadlineMs: 300 });
  const { error, record } = await attempt(folder, [slow]);
  t.is(error?.message, "stage stack did not end within 0.3 s");
  t.true(performance.now() - started < 10_000);
  t.is(record?.begun, "stack");
  t.is(readFileSync(join(folder, "1-stack.log"), "utf8"), "begun\ndid not end within 0.3 s\n");
});

test("a stage that has nothing to do is passed over", async (t) => {
  const guests = stage("guests", "false", { skipped: "no Windows box is named" });
  const { happened, record } = await attempt(folderOf(t), [guests]);
  t.deepEqual(happened, []);
  t.is(record?.done[0]?.snapshot, null);
});

test("what somebody else wrote into the record is said, and not taken for one", async (t) => {
  const folder = folderOf(t);
  await attempt(folder, [stage("boot", "true")]);
  writeFileSync(join(folder, "stages.json"), '{"done":');
  t.throws(() => readRecord(folder), { message: "is not a record of stages" });
});
