import type { Action } from "./action.ts";
import type { Match } from "./match.ts";

/** One rule ("flow") of a bridge's tables. */
export interface Rule {
  /** 0 to 254. */
  readonly table: number;
  /** 0 to 65535; the highest that matches wins. */
  readonly priority: number;
  readonly cookie: bigint;
  readonly match: Match;
  /** In order. Empty: drop. */
  readonly actions: readonly Action[];
  /** Seconds; absent or 0: never. */
  readonly idleTimeout?: number;
  readonly hardTimeout?: number;
  /** What decides who must go when a table is full; absent or 0: this rule first. */
  readonly importance?: number;
  /** In the order of FLOW_FLAGS; absent: none. */
  readonly flags?: readonly FlowFlag[];
}

/** Words that stand among the match, in the order in which `dump-flows` prints them. */
export const FLOW_FLAGS = [
  "send_flow_rem",
  "check_overlap",
  "reset_counts",
  "no_packet_counts",
  "no_byte_counts",
] as const;

export type FlowFlag = (typeof FLOW_FLAGS)[number];

export const DEFAULT_PRIORITY = 32768;
export const MAX_TABLE = 254;
