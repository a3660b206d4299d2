import { type ExitStatus, UsageError } from "../../base/errors.ts";
import type { Io } from "../io.ts";

export interface RunOptions {
  readonly lab: "sim" | "mininet" | "devstack";
  readonly seed: number;
  readonly out: string;
  readonly capture?: string;
  readonly client?: string;
  readonly keepBodies?: boolean;
  readonly gap: number;
  readonly model?: string;
  readonly json?: boolean;
}

/** The whole loop. No scenario: `paper`. */
export async function run(
  _scenarios: readonly string[],
  _options: RunOptions,
  _io: Io,
): Promise<ExitStatus> {
  throw new UsageError("`run` is not in this version");
}
