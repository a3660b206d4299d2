import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { runCommand, startCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { removeLab } from "../state/leftovers.ts";
import { isAlive } from "../state/process-identity.ts";
import { Namespaces } from "./namespaces.ts";
import { Stage } from "./stage.ts";

const isRoot = process.getuid?.() === 0;

async function emptyLab(t: ExecutionContext): Promise<Namespaces | null> {
  if (!isRoot) {
    t.log("skipped: it needs root");
    t.pass();
    return null;
  }
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-stage-"));
  for (const name of ["logs", "pids"]) await mkdir(join(folder, name));
  const namespaces = await Namespaces.create(folder, basename(folder));
  t.teardown(() => removeLab({ label: basename(folder), folder, entries: [] }));
  return namespaces;
}

test("a command that fails tells the stage, the reason and the log", async (t) => {
  const lab = await emptyLab(t);
  if (lab === null) return;
  const stage = new Stage(lab, "schemas", 10_000);
  const error = await t.throwsAsync(stage.run("sync", ["sh", "-c", "echo no room >&2; exit 3"]), {
    instanceOf: LabUnavailableError,
  });
  t.is(error?.message, "stage schemas: sh -c echo no room >&2; exit 3: exit status 3: no room");
  t.is(error?.where, lab.log("sync"));
});

test("a service that ends while it is waited for is told at once", async (t) => {
  const lab = await emptyLab(t);
  if (lab === null) return;
  const stage = new Stage(lab, "services", 60_000);
  await stage.launch("api", ["sh", "-c", "echo cannot bind; exit 1"]);
  await t.throwsAsync(stage.listens("api", 5000), {
    message: "stage services: api has ended: cannot bind",
  });
});

test("a stage that takes too long says what it was waiting for", async (t) => {
  const lab = await emptyLab(t);
  if (lab === null) return;
  const stage = new Stage(lab, "services", 300);
  await stage.launch("api", ["sleep", "60"]);
  await t.throwsAsync(stage.listens("api", 5000), {
    message:
      "stage services: waited for api to listen on port 5000: not within the 0.3 s of this stage",
  });
});

test("a list of commands of which one fails fails", async (t) => {
  const lab = await emptyLab(t);
  if (lab === null) return;
  const stage = new Stage(lab, "services", 10_000);
  const script = "echo '+--+'; echo '| a |'; echo; echo No project with that name exists.";
  await t.throwsAsync(stage.batch("identity", ["sh", "-c", script], ""), {
    message: /^stage services: No project with that name exists\./,
  });
});

test("the namespaces of a lab end with the process that makes it, even one that is killed", async (t) => {
  if (!isRoot) return t.pass();
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-stage-"));
  for (const name of ["logs", "pids"]) await mkdir(join(folder, name));
  const label = basename(folder);
  t.teardown(() => removeLab({ label, folder, entries: [] }));
  const module = new URL("namespaces.ts", import.meta.url).href;
  const script = `const { Namespaces } = await import("${module}");
    const { keeper } = await Namespaces.create("${folder}", "${label}");
    console.log(JSON.stringify(keeper)); setInterval(() => {}, 1e6);`;
  const maker = await startCommand(process.execPath, ["--input-type=module", "-e", script]);
  const [line] = await maker.stdout.take(1).toArray();
  const keeper = JSON.parse(String(line));
  t.true(isAlive(keeper));
  maker.kill("SIGKILL");
  await maker.ended;
  for (let look = 0; look < 100 && isAlive(keeper); look++) await wait(50);
  t.false(isAlive(keeper));
});

test("namespaces that are told to stay outlive their maker, and end when their first process is asked to", async (t) => {
  if (!isRoot) return t.pass();
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-stage-"));
  for (const name of ["logs", "pids"]) await mkdir(join(folder, name));
  const label = basename(folder);
  t.teardown(() => removeLab({ label, folder, entries: [] }));
  const module = new URL("namespaces.ts", import.meta.url).href;
  const script = `const { Namespaces } = await import("${module}");
    const lab = await Namespaces.create("${folder}", "${label}");
    await lab.stay(); console.log(JSON.stringify(lab.keeper));`;
  const { stdout } = await runCommand(process.execPath, ["--input-type=module", "-e", script]);
  const keeper = JSON.parse(stdout);
  await wait(1_500);
  t.true(isAlive(keeper));
  process.kill(keeper.pid, "SIGTERM");
  for (let look = 0; look < 100 && isAlive(keeper); look++) await wait(50);
  t.false(isAlive(keeper));
});
