import { recordedLabs } from "../../../lab/state/journal.ts";
import { EXIT, type ExitStatus } from "../../base/errors.ts";
import type { Io } from "../io.ts";
import { labLines, stateOf } from "../lab-state.ts";

export interface InspectOptions {
  readonly json?: boolean;
}

/** Which labs are up on this machine, how to enter their hosts, and what others left. */
export async function inspect(options: InspectOptions, io: Io): Promise<ExitStatus> {
  const states = recordedLabs().map(stateOf);
  if (options.json === true) io.out.line(JSON.stringify(states, null, 2));
  else if (states.length === 0) io.out.line("no lab is up");
  else for (const line of states.flatMap(labLines)) io.out.line(line);
  await io.out.flush();
  return EXIT.pass;
}
