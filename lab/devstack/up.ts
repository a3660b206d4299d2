import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { EXECUTE } from "../command/runner.ts";
import { clouds } from "./clouds.ts";
import { FOLDER } from "./place.ts";
import { runStages } from "./run-stages.ts";
import { devstackSettings } from "./settings.ts";
import type { StageWork } from "./stage.ts";
import { readRecord } from "./stage-record.ts";
import { devstackStages, MACHINE } from "./stages.ts";
import { runProgram, terminalNews } from "./terminal.ts";
import { Vagrant } from "./vagrant.ts";

/*
 * Brings DevStack up: `node lab/devstack/up.ts [--provider libvirt|virtualbox] [--image FILE]…`. Called again, it goes on
 * from the last good stage.
 */

await runProgram("up", async () => {
  const { values } = parseArgs({
    options: { provider: { type: "string" }, image: { type: "string", multiple: true } },
  });
  const provider = values.provider ?? process.env.VAGRANT_DEFAULT_PROVIDER ?? "libvirt";
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

  const vagrant = new Vagrant(EXECUTE, { VAGRANT_DEFAULT_PROVIDER: provider });
  const settings = devstackSettings();
  const quiet: StageWork = { log: () => {}, progress: () => {}, signal: stop.signal };
  const found = readRecord(FOLDER) ?? {
    password: randomBytes(12).toString("hex"),
    done: [],
    begun: null,
  };
  const state = (await vagrant.states(quiet)).get(MACHINE);
  const snapshots = state === "not_created" ? [] : await vagrant.snapshots(MACHINE, quiet);
  const record = {
    ...found,
    // A machine that somebody destroyed has none of its stages; the box is beside it. A snapshot may be gone, too.
    done: found.done
      .filter(({ name }) => state !== "not_created" || name === "box")
      .map((one) => (snapshots.includes(one.snapshot ?? "") ? one : { ...one, snapshot: null })),
    begun: state === "not_created" ? null : found.begun,
  };
  mkdirSync(FOLDER, { recursive: true });
  await runStages({
    stages: await devstackStages({
      vagrant,
      settings,
      provider,
      password: record.password,
      images: (values.image ?? []).map((path) => resolve(path)),
    }),
    record,
    folder: FOLDER,
    news: terminalNews(process.stderr),
    signal: stop.signal,
    machine: {
      save: async (name) => {
        await vagrant.run(["snapshot", "save", MACHINE, name, "--force"], quiet);
      },
      restore: async (name) => {
        await vagrant.run(["snapshot", "restore", MACHINE, name, "--no-provision"], quiet);
      },
    },
  });
  const file = join(FOLDER, "clouds.yaml");
  writeFileSync(file, clouds(settings.address, record.password), { mode: 0o600 });
  process.stdout.write(`OS_CLIENT_CONFIG_FILE=${file} OS_CLOUD=devstack\n`);
});
