import { EXIT, type ExitStatus } from "../../base/errors.ts";
import { visible } from "../../report/markup.ts";
import { counted } from "../../report/number.ts";
import { verifyRun } from "../../run/verify.ts";
import type { Io } from "../io.ts";

export interface VerifyOptions {
  readonly json?: boolean;
}

/** Hash a run folder's files again: 0 when all are as they were written, 1 when not. */
export async function verify(run: string, options: VerifyOptions, io: Io): Promise<ExitStatus> {
  const found = await verifyRun(run);
  if (options.json === true) io.out.line(JSON.stringify({ run, ...found }, null, 2));
  else {
    for (const kind of ["missing", "changed", "extra"] as const)
      for (const name of found[kind]) io.out.line(`${kind}: ${visible(name)}`);
    const wrong = found.missing.length + found.changed.length + found.extra.length;
    io.out.line(
      found.ok
        ? `${run}: ${counted(found.intact.length, "file")}, all as they were written`
        : `${run}: ${counted(wrong, "file is", "files are")} not as the run left it`,
    );
  }
  await io.out.flush();
  return found.ok ? EXIT.pass : EXIT.failed;
}
