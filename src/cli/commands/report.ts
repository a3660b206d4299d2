import { join } from "node:path";
import { runCommand } from "../../base/command.ts";
import { EXIT, type ExitStatus } from "../../base/errors.ts";
import { renderText } from "../../report/text.ts";
import type { Io } from "../io.ts";
import { readResults } from "../results.ts";

export interface ReportOptions {
  readonly open: "yes" | "no";
  readonly json?: boolean;
}

/** Print a finished run again, and say where its page is. */
export async function report(run: string, options: ReportOptions, io: Io): Promise<ExitStatus> {
  const { results, text } = await readResults(run);
  const page = join(run, "report.html");
  if (options.json === true) io.out.print(text);
  else io.out.print(renderText(results, { colour: io.colour, width: io.width, path: page }));
  await io.out.flush();
  if (options.open === "yes") await runCommand(OPENERS[process.platform] ?? "xdg-open", [page]);
  return EXIT.pass;
}

const OPENERS: Partial<Record<NodeJS.Platform, string>> = { darwin: "open", win32: "explorer" };
