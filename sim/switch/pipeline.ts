import type { Action } from "../../src/rule/action.ts";
import { PORT, type PortRef } from "../../src/rule/port.ts";
import type { Table } from "./table.ts";

/** What a walk needs to know of its switch. */
export interface Pipeline {
  table(number: number): Table | undefined;
  /** The number of a port; `PORT.none` for a name that the bridge does not have. */
  portNumber(port: PortRef): number;
  /**
   * What a group does with a packet: lists of actions, each on a copy. `null`: it chooses by the packet's hash, and that
   * is 0: it is not known yet.
   */
  groupLists(group: number, hash: () => number): readonly (readonly Action[])[] | null;
}

/** What `clone` must copy the packet for: everything else is taken back. */
export function isIrreversible(action: Action): boolean {
  return action.kind === "ct" || (action.kind === "output" && action.maxLength !== undefined);
}

/** Actions that are named like the port that they send to. */
export const OWN_PORTS = {
  in_port: PORT.inPort,
  normal: PORT.normal,
  flood: PORT.flood,
  all: PORT.all,
  local: PORT.local,
} as const;
