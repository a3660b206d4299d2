import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { parse } from "yaml";
import { type CommandResult, runCommand } from "../../src/base/command.ts";

/** Answers as Vagrant would, notes what it was asked, and fails in the stage that `broken` names. */
const STAND_IN = `#!/bin/sh
folder=$(dirname "$0")
echo "$*" >>"$folder/asked"
broken=$(cat "$folder/broken")
case "$*" in
*" status") echo "1795527254,devstack,state,$(cat "$folder/state")" ;;
*" up "*) echo running >"$folder/state" ;;
*"snapshot save"*) echo "1795527771,devstack,ui,detail,$5" >>"$folder/snapshots" ;;
*"snapshot list"*) cat "$folder/snapshots" ;;
*"destroy"*) echo not_created >"$folder/state" ;;
*"--provision-with $broken") echo "1795527254,,error-exit,X,it is broken"; exit 1 ;;
esac
`;

async function standIn(t: ExecutionContext) {
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-devstack-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const put = (name: string, text: string) => writeFile(join(folder, name), text);
  await put("vagrant", STAND_IN);
  await chmod(join(folder, "vagrant"), 0o755);
  await put("state", "not_created");
  await put("broken", "nothing");
  await put("snapshots", "");
  const run = (program: string, ...args: string[]): Promise<CommandResult> =>
    runCommand(
      process.execPath,
      [fileURLToPath(new URL(`${program}.ts`, import.meta.url)), ...args],
      {
        env: {
          PATH: `${folder}${delimiter}${process.env.PATH}`,
          ISOREPLAY_DEVSTACK_FOLDER: join(folder, "out"),
        },
        okStatus: [0, 69],
      },
    );
  const asked = async () => {
    const lines = (await readFile(join(folder, "asked"), "utf8")).trim().split("\n");
    await put("asked", "");
    return lines.map((line) =>
      line.replace("--machine-readable ", "").replace(/\S*isoreplay-\S+/, "FILE"),
    );
  };
  return { folder, put, run, asked };
}

test("up goes on from the snapshot before the stage that failed; status tells; down takes all away", async (t) => {
  const { folder, put, run, asked } = await standIn(t);
  await put("broken", "stack");
  const first = await run("up");
  t.is(first.exitStatus, 69);
  t.regex(
    first.stderr,
    /up: \S+4-stack\.log: stage stack failed: .*: it is broken \(node lab\/devstack\/up\.ts goes on/,
  );
  t.deepEqual(await asked(), [
    "status",
    "box list",
    "box add generic/ubuntu2204 --box-version 4.3.12 --provider libvirt",
    "up devstack --no-provision --provider libvirt",
    "snapshot save devstack after-boot --force",
    "provision devstack --provision-with packages",
    "snapshot save devstack after-packages --force",
    "upload FILE /tmp/local.conf devstack",
    "provision devstack --provision-with stack",
  ]);
  t.regex(
    (await run("status")).stdout,
    /✔ packages +[\d.]+ s, after-packages\n✘ stack +begun and not ended$/,
  );
  await asked();

  await put("broken", "nothing");
  const second = await run("up");
  const file = join(folder, "out", "clouds.yaml");
  t.is(second.stdout, `OS_CLIENT_CONFIG_FILE=${file} OS_CLOUD=devstack`);
  t.deepEqual((await asked()).slice(0, 5), [
    "status",
    "snapshot list devstack",
    "snapshot restore devstack after-packages --no-provision",
    "upload FILE /tmp/local.conf devstack",
    "provision devstack --provision-with stack",
  ]);
  t.is(
    parse(await readFile(file, "utf8")).clouds.devstack.auth.auth_url,
    "http://192.168.56.10/identity",
  );
  t.is((await stat(file)).mode & 0o777, 0o600);

  await run("up");
  t.deepEqual(await asked(), ["status", "snapshot list devstack"]);

  await run("down");
  t.deepEqual(await asked(), ["status", "destroy -f devstack"]);
  await t.throwsAsync(() => stat(file), { code: "ENOENT" });
  t.regex((await run("status")).stdout, /nothing was begun/);
});

test("a machine that somebody destroyed is made anew", async (t) => {
  const { put, run, asked } = await standIn(t);
  await run("up");
  await asked();
  await put("state", "not_created");
  await run("up");
  t.deepEqual((await asked()).slice(0, 2), [
    "status",
    "up devstack --no-provision --provider libvirt",
  ]);
});
