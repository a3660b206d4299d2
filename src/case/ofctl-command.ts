import { InputError } from "../base/errors.ts";
import type { OfctlCommand } from "./device.ts";

/** A command of `ovs-ofctl` taken apart. */
export interface OfctlCall {
  readonly command: string;
  /** `--strict`, `-O OpenFlow13`, `--bundle` …, in the order in which they stand. */
  readonly options: readonly string[];
  /** What stands behind the bridge's name. */
  readonly args: readonly string[];
  /** What is read in place of a file: only for commands that read one, whose argument is then `-`. */
  readonly input: string | null;
}

/** Commands whose argument is a file's name. */
const READS_FILE = new Set(["add-flows", "replace-flows", "add-groups"]);

/** Options that take the next word. */
const TAKES_WORD = new Set(["-O", "--protocols", "-F", "--flow-format"]);

/**
 * Take a recorded command apart: options may stand anywhere, the bridge's name may be there or not, and `text` is either
 * the content of the file that the command reads, or its argument. Throws InputError where both are missing.
 */
export function ofctlCall({ command, args, text }: OfctlCommand): OfctlCall {
  const options: string[] = [];
  const rest: string[] = [];
  const words = [...command.split(/\s+/).filter((word) => word !== ""), ...args];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith("-") || word === "-") rest.push(word);
    else options.push(word, ...(TAKES_WORD.has(word) ? words.slice(++i, i + 1) : []));
  }
  const [name, ...others] = rest;
  if (name === undefined) throw new InputError("the ofctl step has no command");
  const positional = isBridge(others[0]) ? others.slice(1) : others;
  if (READS_FILE.has(name)) {
    if (text === null) throw new InputError(`${name} without the text that it reads`);
    return { command: name, options, args: ["-"], input: text };
  }
  const given = text === null || text.trim() === "" ? positional : [...positional, text.trim()];
  return { command: name, options, args: given, input: null };
}

/** The name of a bridge: no flow begins like that. */
function isBridge(word: string | undefined): boolean {
  return word !== undefined && /^(?:br[\w.-]*|[\w.-]*br\d+)$/.test(word);
}
