import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compareSwitches } from "./differential/compare.ts";

const USAGE = `usage: npm run differential -- [--sequences N] [--minutes M] [--seed S] [--from N] [--findings N] [--lanes N]

Plays random packet sequences through random rules, on the simulated switch and on a private Open vSwitch, and compares
what comes out of each port, the connections and the rules' counters. The same seed gives the same sequences.
Exit status: 0 all agree, 1 something differs, 64 used wrongly.`;

const MISUSED = 64;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    console.error(USAGE);
    return MISUSED;
  }
  const folder = join(tmpdir(), "isoreplay-differential");
  const report = await compareSwitches({
    ...options,
    progress: (line) => console.log(line),
    found: (name, text) => {
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `${name}.json`);
      writeFileSync(path, text);
      console.log(`isoreplay switch ${path}`);
    },
  });
  return report.disagreements === 0 ? 0 : 1;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        sequences: { type: "string", default: "10000" },
        minutes: { type: "string", default: "Infinity" },
        seed: { type: "string", default: "1" },
        from: { type: "string", default: "0" },
        findings: { type: "string", default: "1" },
        lanes: { type: "string", default: "2" },
      },
    });
    const numbers = {
      sequences: Number(values.sequences),
      minutes: Number(values.minutes),
      seed: Number(values.seed),
      from: Number(values.from),
      findings: Number(values.findings),
      lanes: Number(values.lanes),
    };
    return Object.values(numbers).every((value) => value >= 0) ? numbers : null;
  } catch {
    return null;
  }
}
