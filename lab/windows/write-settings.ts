import { readFile, writeFile } from "node:fs/promises";
import { parseScenario } from "../../src/scenario/load.ts";
import { guestConf } from "./settings.ts";

/* Writes `guest/bot.conf` for a scenario: `node lab/windows/write-settings.ts [scenarios/paper/scenario.yaml]`. */

const file = process.argv[2] ?? "scenarios/paper/scenario.yaml";
const scenario = parseScenario(await readFile(file, "utf8"), file);
await writeFile(new URL("guest/bot.conf", import.meta.url), guestConf(scenario, "win7-1"));
