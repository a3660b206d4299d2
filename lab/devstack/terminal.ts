import { stripVTControlCharacters } from "node:util";
import { IsoreplayError } from "../../src/base/errors.ts";
import type { StageNews } from "./run-stages.ts";

/** Columns of a terminal that does not tell how many it has. */
const COLUMNS = 80;

/** Stages as lines; below them, on a terminal only, the latest news of the one that runs. */
export function terminalNews(stream: NodeJS.WriteStream): StageNews {
  const clear = () => {
    if (stream.isTTY) stream.write("\r\u001b[K");
  };
  return {
    stage({ name, title, skipped }, state, seconds) {
      clear();
      const line = { begins: "…", stands: "=", skipped: "-", done: "✔" }[state];
      const why = state === "skipped" ? `: ${skipped}` : state === "done" ? ` (${seconds} s)` : "";
      stream.write(`${line} ${name.padEnd(9)} ${title}${why}\n`);
    },
    progress(news) {
      if (!stream.isTTY) return;
      clear();
      // Escape sequences of whatever runs would move the cursor.
      const plain = stripVTControlCharacters(news).replace(/\p{Cc}/gu, "");
      stream.write(`  ${plain.slice(0, (stream.columns ?? COLUMNS) - 3)}`);
    },
  };
}

/** Do the work of a program; a foreseen error is one line on stderr and its own exit status. */
export async function runProgram(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof IsoreplayError)) throw error;
    process.stderr.write(`${name}: ${error.line}\n`);
    process.exitCode = error.status;
  }
}
