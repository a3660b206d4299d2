import { EXIT, type ExitStatus, IsoreplayError } from "../../base/errors.ts";
import { checkScenario, moreErrors } from "../../scenario/load.ts";
import type { Io } from "../io.ts";
import { readScenarioFile } from "../scenarios.ts";

export interface ValidateOptions {
  readonly json?: boolean;
}

interface Checked {
  readonly file: string;
  readonly errors: readonly IsoreplayError[];
  /** Errors that are not listed. */
  readonly more: number;
}

/** Check scenarios: the errors of every file, one on a line, the first hundred of each. */
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
        checked.map(({ file, errors, more }) => ({
          file,
          valid: errors.length === 0,
          errors: errors.map(({ where, message, mend }) => ({ where, message, mend })),
          ...(more > 0 ? { moreErrors: more } : {}),
        })),
        null,
        2,
      ),
    );
  else
    for (const { file, errors, more } of checked) {
      if (errors.length === 0) io.out.line(`${file}: valid`);
      for (const error of errors) io.complain(error);
      if (more > 0) io.note(`isoreplay: ${file}: and ${moreErrors(more)}`);
    }
  await io.out.flush();
  return checked.every(({ errors }) => errors.length === 0) ? EXIT.pass : EXIT.badInput;
}

async function check(named: string): Promise<Checked> {
  try {
    const { path, text } = await readScenarioFile(named);
    const { errors, more } = checkScenario(text, path);
    return { file: path, errors, more };
  } catch (error) {
    if (!(error instanceof IsoreplayError)) throw error;
    return { file: named, errors: [error], more: 0 };
  }
}
