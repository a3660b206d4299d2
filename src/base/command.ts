import type { Readable, Writable } from "node:stream";
import { execa } from "execa";
import { EXIT, IsoreplayError } from "./errors.ts";
import { COMMAND_LIMITS } from "./limits.ts";

export interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment of the command; without it that of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the command reads on stdin; nothing without it. */
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  /** Exit statuses that are an answer and not an error. Default: 0. */
  readonly okStatus?: readonly number[];
}

export interface CommandResult {
  readonly exitStatus: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command did not do what it was asked for: which one, how it ended, and the end of what it said. */
export class CommandError extends IsoreplayError {
  readonly command: string;
  /** `null` when it did not start, timed out, or was ended by a signal. */
  readonly exitStatus: number | null;
  /** The program is not on this machine. */
  readonly absent: boolean;

  constructor(command: string, end: CommandEnd, cause: unknown) {
    super(EXIT.labUnavailable, `${end.how}${quoted(end.stderr)}`, { where: command, cause });
    this.command = command;
    this.exitStatus = end.exitStatus;
    this.absent = end.absent;
  }
}

interface CommandEnd {
  readonly how: string;
  readonly exitStatus: number | null;
  readonly absent: boolean;
  readonly stderr: string;
}

/**
 * The one function that runs a command. No shell: arguments go as they are. Trailing newlines of the output are cut.
 * Rejects with CommandError when the command is absent, ends with another status than `okStatus`, or times out.
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await execa(file, args, {
    reject: false,
    stdin: options.input === undefined ? "ignore" : "pipe",
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
  });
  const exitStatus = result.exitCode ?? null;
  if (exitStatus !== null && (options.okStatus ?? [0]).includes(exitStatus))
    return { exitStatus, stdout: result.stdout, stderr: result.stderr };

  const absent = result.code === "ENOENT";
  const how = absent
    ? "no such program"
    : result.timedOut
      ? `timed out after ${options.timeoutMs} ms`
      : exitStatus !== null
        ? `exit status ${exitStatus}`
        : result.signal === undefined
          ? `could not be started (${result.code ?? result.shortMessage})`
          : `ended by ${result.signal}`;
  const command = [file, ...args].map(shown).join(" ");
  throw new CommandError(
    command,
    { how, exitStatus, absent, stderr: result.stderr ?? "" },
    result.cause,
  );
}

/** The environment of this process: what commands get that are given no other. */
export function ownEnvironment(): Record<string, string> {
  const known = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(known);
}

/** A command that runs on beside us. */
export interface RunningCommand {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** The last lines it has said on stderr so far, in one line; empty where it said nothing. */
  complaint(): string;
  /** Resolves when it has ended, with its exit status; `null` when a signal ended it. Never rejects. */
  readonly ended: Promise<number | null>;
  /** Ask it to end. */
  kill(signal?: NodeJS.Signals): void;
}

/**
 * Start a command and go on. It gets a pipe on stdin and stdout; end its stdin or `kill` it. It dies with this process
 * where it reads stdin to its end. Rejects with CommandError when it cannot be started.
 */
export async function startCommand(
  file: string,
  args: readonly string[],
  options: Pick<CommandOptions, "cwd" | "env"> = {},
): Promise<RunningCommand> {
  const child = execa(file, args, {
    reject: false,
    buffer: false,
    stdin: "pipe",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
  });
  const ended = child.then(({ exitCode }) => exitCode ?? null);
  const { pid, stdin, stdout, stderr } = child;
  if (pid === undefined) {
    const result = await child;
    const absent = result.code === "ENOENT";
    const how = absent
      ? "no such program"
      : `could not be started (${result.code ?? "no reason given"})`;
    const command = [file, ...args].map(shown).join(" ");
    throw new CommandError(command, { how, exitStatus: null, absent, stderr: "" }, result.cause);
  }
  let said = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-COMMAND_LIMITS.stderrCharactersMax);
  });
  // What it does not read any more because it has ended is told by `ended`.
  stdin.on("error", () => {});
  return {
    pid,
    stdin,
    stdout,
    complaint: () => quoted(said).replace(/^: /, ""),
    ended,
    kill: (signal = "SIGTERM") => child.kill(signal),
  };
}

/** The last lines of stderr, in one line. */
function quoted(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? "" : `: ${lines.slice(-COMMAND_LIMITS.quotedLinesMax).join(" | ")}`;
}

function shown(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
