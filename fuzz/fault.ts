import { IsoreplayError } from "../src/base/errors.ts";
import { Contradiction } from "./target.ts";

export type FaultKind = "crash" | "contradiction" | "hang" | "memory";

/** Something that a target must not do, in a form that can be sent between threads. */
export interface Fault {
  readonly kind: FaultKind;
  /** The same for two inputs that show the same fault. */
  readonly signature: string;
  readonly detail: string;
}

/** What an exception means: `null` for one that was foreseen. */
export function faultOf(error: unknown): Fault | null {
  if (error instanceof IsoreplayError) return null;
  if (!(error instanceof Error)) {
    return { kind: "crash", signature: `thrown ${typeof error}`, detail: String(error) };
  }
  const detail = (error.stack ?? error.message).slice(0, 4_000);
  if (error instanceof Contradiction) {
    return { kind: "contradiction", signature: error.message.split(":")[0] ?? "", detail };
  }
  const message = error.message.replace(/\d+/g, "#").slice(0, 60);
  const [place = ""] = /(?:src|sim|node_modules)\/[^\s:)]+(?::\d+)?/.exec(error.stack ?? "") ?? [];
  // Where the stack runs out is chance.
  const where = message.startsWith("Maximum call stack") ? place.replace(/:\d+$/, "") : place;
  return { kind: "crash", signature: `${error.name}: ${message} (${where})`, detail };
}

export function hang(limitMs: number): Fault {
  return { kind: "hang", signature: "hang", detail: `no end within ${limitMs} ms` };
}

export function crash(signature: string, detail: string): Fault {
  return { kind: "crash", signature, detail };
}

export function memory(detail: string): Fault {
  return { kind: "memory", signature: "memory", detail };
}
