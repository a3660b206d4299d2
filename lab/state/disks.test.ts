import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { runCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { disksDetached } from "./disks.ts";

const isRoot = process.getuid?.() === 0;

test("a folder whose files no loop device holds is not waited for", async (t) => {
  await t.notThrowsAsync(disksDetached([await mkdtemp(join(tmpdir(), "isoreplay-disks-"))]));
});

test("a disk that is held is waited for, even when its file is deleted, and the device that stays is named", async (t) => {
  if (!isRoot) {
    t.log("skipped: a loop device needs root");
    t.pass();
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), "isoreplay-disks-"));
  const image = join(folder, "volume.img");
  const file = await open(image, "w");
  await file.truncate(1 << 20);
  await file.close();
  const { stdout } = await runCommand("losetup", ["--find", "--show", image]);
  const device = stdout.trim();
  await rm(image);
  let isAttached = true;
  try {
    const error = await t.throwsAsync(disksDetached([folder], { msMax: 0 }), {
      instanceOf: LabUnavailableError,
    });
    t.true(error?.message.includes(device), error?.message);
    await t.notThrowsAsync(disksDetached([`${folder}-another`], { msMax: 0 }));
    await t.throwsAsync(disksDetached([image], { msMax: 0 }));
    const waited = disksDetached([folder]);
    await runCommand("losetup", ["-d", device]);
    isAttached = false;
    await t.notThrowsAsync(waited);
  } finally {
    if (isAttached) await runCommand("losetup", ["-d", device]);
  }
});
