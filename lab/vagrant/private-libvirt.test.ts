import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { runCommand, startCommand } from "../../src/base/command.ts";
import { hasPrograms } from "../../test/programs.fixture.ts";
import { PrivateLibvirt } from "./private-libvirt.ts";

const MODULE = new URL("private-libvirt.ts", import.meta.url).href;
/** Starts one and is killed before it can take it down. */
const KILLED = `const { PrivateLibvirt } = await import(${JSON.stringify(MODULE)});
await PrivateLibvirt.start(process.argv[1]);
process.kill(process.pid, "SIGKILL");`;

const isHere = (t: ExecutionContext) =>
  hasPrograms(t, ["libvirtd", "virsh", "unshare", "setpriv"], true);

async function folderOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-libvirt-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Processes that name the folder on their command line, or have it mounted. */
async function holdersOf(folder: string): Promise<string[]> {
  const holders: string[] = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) continue;
    const texts = await Promise.all(
      ["cmdline", "mountinfo"].map((file) =>
        // It has ended meanwhile: then it holds nothing.
        readFile(`/proc/${pid}/${file}`, "latin1").catch(() => ""),
      ),
    );
    if (texts.some((text) => text.includes(folder))) holders.push(pid);
  }
  return holders;
}

test("a libvirt of one's own sees no network of the machine's, and nothing is left of it", async (t) => {
  if (!isHere(t)) return;
  const folder = await folderOf(t);
  {
    await using libvirt = await PrivateLibvirt.start(folder);
    const pools = await libvirt.run("virsh", ["-q", "-c", "qemu:///system", "pool-list"]);
    t.regex(pools.stdout, /default +active/);
    t.is((await libvirt.run("ls", ["/sys/class/net"])).stdout, "lo");
    t.not((await holdersOf(folder)).length, 0);
  }
  t.deepEqual(await holdersOf(folder), []);
  await t.throwsAsync(() => readdir(folder), { code: "ENOENT" });
});

test("nothing of it runs on when its owner is killed", async (t) => {
  if (!isHere(t)) return;
  const folder = await folderOf(t);
  const owner = await startCommand(process.execPath, ["--input-type=module", "-e", KILLED, folder]);
  t.is(await owner.ended, null);
  for (let n = 0; n < 100 && (await holdersOf(folder)).length > 0; n++) await wait(50);
  t.deepEqual(await holdersOf(folder), []);
});

test("where libvirt does not come up, its own words say why", async (t) => {
  if (!isHere(t)) return;
  const folder = await folderOf(t);
  // A file where the folder's parts should be.
  await runCommand("touch", [join(folder, "etc")]);
  await t.throwsAsync(() => PrivateLibvirt.start(folder), {
    message: /^libvirt does not come up: .*etc/,
  });
  t.deepEqual(await holdersOf(folder), []);
});
