import { Option } from "commander";
import { wholeNumber } from "./arguments.ts";

/** `--seed`: whatever is random comes from it. */
export function seed(): Option {
  return new Option("--seed <number>", "same seed, same bytes")
    .argParser(wholeNumber(Number.MIN_SAFE_INTEGER))
    .default(1);
}

/** `--json`, with what it prints. */
export function json(what: string): Option {
  return new Option("--json", what);
}

/** The examples below a command's help. */
export function example(...lines: string[]): string {
  const head = lines.length === 1 ? "Example" : "Examples";
  return `\n${head}:\n${lines.map((line) => `  $ isoreplay ${line}`).join("\n")}`;
}
