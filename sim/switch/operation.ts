import type { Action, CONTROLLER_REASONS, Nat } from "../../src/rule/action.ts";
import type { Rule } from "../../src/rule/rule.ts";
import type { Entry } from "./table.ts";

export type PacketInReason = (typeof CONTROLLER_REASONS)[number];

/**
 * What remains to be done with a packet once the tables have been walked: the "datapath actions". A list of them
 * holds for every packet whose key agrees in the bits that the walk looked at.
 */
export type Operation =
  /** `maxLength`: only so many bytes of the packet, and `grown` more. */
  | {
      readonly op: "output";
      readonly port: number;
      readonly maxLength?: number;
      readonly grown?: number;
    }
  /** Triples, flat: word, value, mask. */
  | { readonly op: "write"; readonly words: Int32Array }
  | { readonly op: "push_vlan"; readonly ethType: number; readonly tci: number }
  | { readonly op: "pop_vlan" }
  | {
      readonly op: "ct";
      readonly zone: number;
      readonly commit: boolean;
      readonly force: boolean;
      readonly nat: Nat | null;
      readonly mark: number;
      readonly markMask: number;
      readonly label: { readonly value: Int32Array; readonly mask: Int32Array } | null;
    }
  /** Hash addresses and ports, for a select group. */
  | { readonly op: "hash" }
  /**
   * Walk the tables again from `table`, or go on with what `frozen` says; `words` are the pipeline's words that were
   * written: word, value, mask.
   */
  | {
      readonly op: "recirculate";
      readonly table: number;
      readonly words: Int32Array;
      readonly frozen: Frozen | null;
    }
  | { readonly op: "ct_clear" }
  /** `vlan`: in which the sender's address is learned, and the destination's looked for. */
  | { readonly op: "normal"; readonly inPort: number; readonly vlan: number }
  /** `toAll`: through ports that do not flood, too. */
  | { readonly op: "flood"; readonly inPort: number; readonly toAll: boolean }
  | {
      readonly op: "controller";
      /** A rule says so; otherwise the switch tells of a miss or an expired TTL. */
      readonly byRule: boolean;
      readonly reason: PacketInReason;
      /** Whom it is for: only controllers with that id get it. */
      readonly id: number;
      readonly userdata?: readonly number[];
      readonly table: number;
      /** Of the rule whose action it is; `null`: no rule's. */
      readonly cookie: bigint | null;
      /** The pipeline's words that were written before it: word, value, mask. */
      readonly words: Int32Array;
      /** The packet's conntrack fields were cleared before it. */
      readonly ctCleared: boolean;
    }
  | { readonly op: "clone"; readonly operations: readonly Operation[] }
  | { readonly op: "learn"; readonly rule: Rule };

/** An action that is still to be done, and the rule whose action it is. */
export interface FrozenAction {
  readonly action: Action;
  readonly table: number;
  readonly cookie: bigint | null;
}

/** What a walk leaves to the one that goes on with its packet. */
export interface Frozen {
  /** `null`: look into the table. */
  readonly actions: readonly FrozenAction[] | null;
  readonly actionSet: readonly Action[];
  readonly stack: readonly { readonly value: bigint; readonly bits: number }[];
  /** Whether the next walk sees what conntrack said. */
  readonly tracked: boolean;
}

/** The result of one walk through the tables. */
export interface Program {
  readonly operations: readonly Operation[];
  /** Rules that were hit, for their counters. */
  readonly entries: readonly Entry[];
  /** Why everything was dropped, if it was. */
  readonly dropped: DropReason | null;
}

export type DropReason = "miss" | "resubmit_depth" | "resubmit_count" | "stack" | "recirculation";
