import { existsSync } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { scratch } from "../../test/cli.fixture.ts";
import { InputError } from "../base/errors.ts";
import { readText } from "./files.ts";

test("a text is read as it is, whatever the pieces it comes in", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "labels.yaml");
  const text = "é😀".repeat(50_000);
  await writeFile(file, text);
  t.is(await readText(file), text);
});

test("a file of 5 GB where a text is expected is refused without being read", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "model.json");
  const handle = await open(file, "w");
  // With a hole for all of it.
  await handle.truncate(5e9);
  await handle.close();
  const error = await t.throwsAsync(readText(file), { instanceOf: InputError });
  t.is(error?.line, `${file}: has more than 64 MiB, which no such file has`);
});

(existsSync("/dev/zero") ? test : test.skip)("a device that never ends is refused", async (t) => {
  await t.throwsAsync(readText("/dev/zero"), {
    instanceOf: InputError,
    message: /more than 64 MiB/,
  });
});

test("a folder is told from a file", async (t) => {
  const folder = await scratch();
  t.teardown(() => rm(folder, { recursive: true }));
  await t.throwsAsync(readText(folder), { instanceOf: InputError, message: /is a folder/ });
});
