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
}

export const DEFAULT_PRIORITY = 32768;
export const MAX_TABLE = 254;
