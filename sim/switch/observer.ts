import type { Action } from "../../src/rule/action.ts";
import type { Operation, Program } from "./operation.ts";
import type { Output } from "./output.ts";
import type { Packet } from "./packet.ts";
import type { Entry } from "./table.ts";

/** Sees a walk through the tables as it goes. Keys are the walk's own: to be read at once, never kept or changed. */
export interface WalkObserver {
  /** A look-up in a table; `null`: no rule matches. */
  enterTable(number: number, inPort: number, entry: Entry | null): void;
  /** The actions of the rule found last but not left yet are done. */
  leaveTable(): void;
  beginAction(action: Action, key: Int32Array): void;
  /** `operations` is the list that the action adds to; what it added is at its end. */
  endAction(key: Int32Array, operations: readonly Operation[]): void;
}

/**
 * Sees everything that happens to a packet (`isoreplay trace`). While there is one, every walk is made anew: a result
 * from the cache would have nothing to show.
 */
export interface Observer extends WalkObserver {
  /** A walk begins: the packet came in, or came back from conntrack. */
  beginPass(table: number, key: Int32Array): void;
  /** Its result, before it is done to the packet. */
  endWalk(program: Program): void;
  /** Everything of this pass is done to the packet. */
  endPass(): void;
  beginOperation(operation: Operation, packet: Packet): void;
  /** `outputs`: all that this packet has caused so far. */
  endOperation(operation: Operation, packet: Packet, outputs: readonly Output[]): void;
}
