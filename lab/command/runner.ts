import {
  type CommandOptions,
  type CommandResult,
  type RunningCommand,
  runCommand,
  startCommand,
} from "../../src/base/command.ts";

export interface RunOptions extends CommandOptions {
  /** What a rehearsal takes for the command's output. */
  readonly standIn?: string;
}

export interface StartOptions extends Pick<CommandOptions, "env"> {
  /** What a shell calls it: capitals, digits and underscores. */
  readonly name: string;
  /** What a rehearsal takes for the first thing that it says, and for its answer to each line. */
  readonly standIn?: { readonly says: string | Uint8Array; readonly answer?: string };
}

/**
 * The one way by which a lab changes the machine. What a lab does is told to a runner, which does it (`EXECUTE`), or writes
 * it down as lines of a shell and does nothing (`Rehearsal`): the list of `--dry-run` comes from the code that executes.
 */
export interface Runner {
  /** Run a command to its end. Rejects with CommandError when it fails. */
  run(file: string, args: readonly string[], options?: RunOptions): Promise<CommandResult>;
  /** Start a command that goes on. */
  start(file: string, args: readonly string[], options: StartOptions): Promise<RunningCommand>;
  /** Do what needs no command of its own; `line` is the command of a shell that does the same. */
  act(line: readonly string[], work: () => void | Promise<void>): Promise<void>;
  /** Find out what is known only now. `how` is what a shell puts behind `name=`. A rehearsal gives `$name`. */
  learn(name: string, how: string, work: () => string | Promise<string>): Promise<string>;
  /** What no shell can do; a rehearsal notes the remark and gives the stand-in. */
  instead<T>(remark: string, work: () => Promise<T>, standIn: T): Promise<T>;
  /** A line for whoever reads the list. */
  remark(text: string): void;
}

/** Does what it is told. */
export const EXECUTE: Runner = {
  run: runCommand,
  start: startCommand,
  act: async (_line, work) => work(),
  learn: async (_name, _how, work) => work(),
  instead: (_remark, work) => work(),
  remark: () => {},
};
