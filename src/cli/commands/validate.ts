import { EXIT, type ExitStatus, IsoreplayError } from "../../base/errors.ts";
import { checkScenario } from "../../scenario/load.ts";
import type { Io } from "../io.ts";
import { readScenarioFile } from "../scenarios.ts";

export interface ValidateOptions {
  readonly json?: boolean;
}

interface Checked {
  readonly file: string;
  readonly errors: readonly IsoreplayError[];
}

/** Check scenarios: every error of every file, one on a line. */
export async function validate(
  scenarios: readonly string[],
  options: ValidateOptions,
  io: Io,
): Promise<ExitStatus> {
  const checked: Checked[] = [];
  for (const named of scenarios) checked.push(await check(named));
  if (options.json === true)
    io.out.line(
      JSON.stringify(
        checked.map(({ file, errors }) => ({
          file,
          valid: errors.length === 0,
          errors: errors.map(({ where, message, mend }) => ({ where, message, mend })),
        })),
        null,
        2,
      ),
    );
  else
    for (const { file, errors } of checked) {
      if (errors.length === 0) io.out.line(`${file}: valid`);
      for (const error of errors) io.complain(error);
    }
  await io.out.flush();
  return checked.every(({ errors }) => errors.length === 0) ? EXIT.pass : EXIT.badInput;
}

async function check(named: string): Promise<Checked> {
  try {
    const { path, text } = await readScenarioFile(named);
    return { file: path, errors: checkScenario(text, path).errors };
  } catch (error) {
    if (!(error instanceof IsoreplayError)) throw error;
    return { file: named, errors: [error] };
  }
}
