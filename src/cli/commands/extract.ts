import { setFlagsFromString } from "node:v8";
import { EXIT, type ExitStatus } from "../../base/errors.ts";
import { extractFile } from "../extract-file.ts";
import { complaining, type Io } from "../io.ts";
import { startJobs } from "../jobs.ts";

export interface ExtractOptions {
  readonly jobs?: number;
}

/** HTTP transactions as NDJSON on stdout; what was met, by kind, on stderr. */
export async function extract(
  captures: readonly string[],
  { jobs }: ExtractOptions,
  io: Io,
): Promise<ExitStatus> {
  // Nearly all objects die young here. A young generation that stays small costs a tenth more time, and takes 100 MB less.
  setFlagsFromString("--semi-space-growth-factor=1");
  await using pool = await startJobs(captures, jobs, (file) => ({ what: "extract", file }), io);
  let whole = true;
  for (const [index, file] of captures.entries()) {
    const read = await complaining(io, async () => {
      if (pool?.has(index) !== true) return extractFile(file, io);
      await pool.follow(index, async (bytes) => {
        io.out.bytes(bytes);
        await io.out.flush();
        return !io.out.closed;
      });
    });
    whole &&= read;
    if (io.out.closed) break;
  }
  return whole ? EXIT.pass : EXIT.badInput;
}
