import { type RecordedLab, recordedLabs } from "../../../lab/state/journal.ts";
import { hasOwner, processesOf } from "../../../lab/state/leftovers.ts";
import { EXIT, type ExitStatus } from "../../base/errors.ts";
import { counted } from "../../report/number.ts";
import type { Io } from "../io.ts";

export interface InspectOptions {
  readonly json?: boolean;
}

interface LabState {
  readonly label: string;
  readonly name: string | null;
  readonly state: "up" | "left behind";
  /** The process that made it. */
  readonly pid: number | null;
  readonly processes: number;
  readonly hosts: number;
}

/** Which labs are up on this machine, and what others left. */
export async function inspect(options: InspectOptions, io: Io): Promise<ExitStatus> {
  const states = recordedLabs().map(stateOf);
  if (options.json === true) io.out.line(JSON.stringify(states, null, 2));
  else if (states.length === 0) io.out.line("no lab is up");
  for (const { label, name, state, pid, processes, hosts } of options.json === true ? [] : states) {
    io.out.line(
      `${label}  ${state}  ${name ?? "?"}  ${counted(hosts, "host")}, ${counted(processes, "process", "processes")}` +
        (pid === null ? "" : `, made by ${pid}`),
    );
  }
  await io.out.flush();
  return EXIT.pass;
}

function stateOf(lab: RecordedLab): LabState {
  const [first] = lab.entries;
  const owner = first?.kind === "lab" ? first : null;
  return {
    label: lab.label,
    name: owner?.name ?? null,
    state: hasOwner(lab) ? "up" : "left behind",
    pid: owner?.pid ?? null,
    processes: processesOf(lab.label).length,
    hosts: lab.entries.filter(({ kind }) => kind === "host").length,
  };
}
