import { formatPort } from "../rule/port.ts";
import type { Rule } from "../rule/rule.ts";
import type { PortNumber } from "./egress.ts";

/** Why a rule set is not contained. */
export type FindingKind =
  /** A frame may leave through a port that is not declared. */
  | "way out"
  /** The port is a door, declared only for what is translated, and something else may leave there. */
  | "unguarded"
  /** An action whose ports nobody can name beforehand. */
  | "forbidden action"
  /** A table that can be reached does not end in an explicit drop. */
  | "no final drop"
  /** What NAT did not translate would leave all the same. */
  | "untranslated"
  /** What conntrack calls invalid would leave. */
  | "invalid passes";

export interface Finding {
  readonly kind: FindingKind;
  /** Where the frame comes in. */
  readonly from: PortNumber;
  /** Where it leaves; null where that is not the question. */
  readonly to: PortNumber | null;
  /** One sentence. */
  readonly what: string;
  /** The rules on the way, in the order in which they are met. */
  readonly path: readonly Rule[];
}

/** "port 3", "LOCAL". */
export function portText(port: PortNumber): string {
  const text = formatPort(port);
  return /^\d+$/.test(text) ? `port ${text}` : text;
}
