import { readFileSync } from "node:fs";

/** Which process it was, even after its number has been given to another: the number, and when it started. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between the machine's start and the process's (field 22 of proc(5)'s stat). */
  readonly startTicks: string;
}

/** `null` when no such process runs, or when it has ended and nobody has noticed yet. */
export function identify(pid: number): ProcessIdentity | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
  // The name stands in brackets and may hold anything; the fields after it begin with the state.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  const startTicks = fields[19];
  if (startTicks === undefined || state === "Z" || state === "X") return null;
  return { pid, startTicks };
}

export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  return identify(pid)?.startTicks === startTicks;
}
