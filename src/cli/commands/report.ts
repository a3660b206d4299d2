import { join } from "node:path";
import { runCommand } from "../../base/command.ts";
import { EXIT, type ExitStatus, InputError } from "../../base/errors.ts";
import { renderText } from "../../report/text.ts";
import { type Results, resultsSchema } from "../../run/results.ts";
import { readManifest } from "../../run/verify.ts";
import { readText } from "../files.ts";
import type { Io } from "../io.ts";

export interface ReportOptions {
  readonly open: "yes" | "no";
  readonly json?: boolean;
}

/** Print a finished run again, and say where its page is. */
export async function report(run: string, options: ReportOptions, io: Io): Promise<ExitStatus> {
  // First: a folder that is no run folder is told apart from one that lost a file.
  await readManifest(run);
  const text = await readText(join(run, "results.json"));
  const results = parseResults(text, join(run, "results.json"));
  const page = join(run, "report.html");
  if (options.json === true) io.out.print(text);
  else io.out.print(renderText(results, { colour: io.colour, width: io.width, path: page }));
  await io.out.flush();
  if (options.open === "yes") await runCommand(OPENERS[process.platform] ?? "xdg-open", [page]);
  return EXIT.pass;
}

const OPENERS: Partial<Record<NodeJS.Platform, string>> = { darwin: "open", win32: "explorer" };

function parseResults(text: string, where: string): Results {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError("is not JSON", { where, cause: error });
  }
  const parsed = resultsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InputError(
    `is not a result that this version reads: ${issue?.path.join(".")}: ${issue?.message}`,
    { where },
  );
}
