import { setFlagsFromString } from "node:v8";
import { type Command, CommanderError } from "commander";
import { EXIT, IsoreplayError } from "../base/errors.ts";
import { visible } from "../report/markup.ts";
import { processIo } from "./io.ts";
import { commandLine } from "./program.ts";

/**
 * How far the heap may grow beyond what is in use before it is collected. V8 would let it triple, and a capture of a
 * million connections then takes a fifth more memory for nothing.
 */
const HEAP_GROWING_PERCENT = 50;

/** The whole program. `argv` as in `process.argv`. Never rejects; the exit status is in `process.exitCode`. */
export async function main(argv: string[]): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  // Node's own status for what nobody catches is 1, which here means that an assertion failed.
  process.on("uncaughtException", (error) => {
    fail(error);
    process.exit();
  });
  const io = processIo(argv.slice(2));
  const program = commandLine(io, (status) => {
    process.exitCode = status;
  });
  for (const command of [program, ...program.commands]) quiet(command);
  try {
    if (argv.length <= 2) {
      program.outputHelp({ error: true });
      process.exitCode = EXIT.usage;
      return;
    }
    await program.parseAsync(argv);
  } catch (error) {
    fail(error);
  } finally {
    io.progress(null);
  }
}

/** Commander then throws instead of ending the process, and leaves errors to us. */
function quiet(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
}

function fail(error: unknown): void {
  if (error instanceof IsoreplayError) {
    process.exitCode = error.status;
    console.error(`isoreplay: ${visible(error.line)}`);
  } else if (error instanceof CommanderError) usage(error);
  else {
    process.exitCode = EXIT.internal;
    console.error(error instanceof Error ? error.stack : error);
    if (error instanceof Error && error.cause !== undefined) console.error("cause:", error.cause);
    console.error(
      "isoreplay: this is a mistake in isoreplay itself. Please report it with the lines above and the command.",
    );
  }
}

function usage(error: CommanderError): void {
  // Asked for, and printed: the help or the version.
  if (error.exitCode === 0) {
    process.exitCode = EXIT.pass;
    return;
  }
  process.exitCode = EXIT.usage;
  if (error.code === "commander.help") return;
  // "error: unknown command 'extrat'\n(Did you mean extract?)"
  const message = error.message.replace(/^error: /, "").replace(/\n/g, " ");
  console.error(`isoreplay: ${visible(message)}`);
}
