import type { Field } from "./field.ts";
import type { PortRef } from "./port.ts";

/** Bits `start` to `start + bits - 1` of a field, 0 the least significant. */
export interface Subfield {
  readonly field: Field;
  readonly start: number;
  readonly bits: number;
}

/** `nat` of a `ct` action. */
export interface Nat {
  /** `null`: only translate what an existing connection already translates. */
  readonly kind: "src" | "dst" | null;
  /** First and last address; `null` where only ports are given. */
  readonly address: {
    readonly family: 4 | 6;
    readonly first: bigint;
    readonly last: bigint;
  } | null;
  readonly ports: { readonly first: number; readonly last: number } | null;
  readonly persistent: boolean;
  readonly choice: "hash" | "random" | null;
}

export interface CtAction {
  readonly kind: "ct";
  readonly commit: boolean;
  readonly force: boolean;
  /** A number, or bits of a field whose value is the zone. 0 where the text has none. */
  readonly zone: number | Subfield;
  /** The table in which the tracked copy goes on; `null`: no copy. */
  readonly table: number | null;
  readonly nat: Nat | null;
  /** What happens to mark and label of the connection. */
  readonly exec: readonly Action[];
  /** `exec` stood before `nat`: no difference but in how it is printed. */
  readonly natLast?: true;
  /** The helper for a protocol with several connections. */
  readonly alg?: "ftp" | "tftp";
}

/** Where a learned flow's match or action takes its bits from. */
export type LearnSource = Subfield | { readonly value: bigint };

export type LearnSpec =
  | { readonly kind: "match"; readonly target: Subfield; readonly source: LearnSource }
  | { readonly kind: "load"; readonly target: Subfield; readonly source: LearnSource }
  | { readonly kind: "output"; readonly source: Subfield };

export interface LearnAction {
  readonly kind: "learn";
  readonly table: number;
  readonly priority: number;
  readonly cookie: bigint;
  /** Seconds; 0: never. */
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  /** The learned rule says when it goes. */
  readonly sendFlowRem?: true;
  readonly specs: readonly LearnSpec[];
}

/** Why a packet goes to the controller, as the action may say. */
export const CONTROLLER_REASONS = [
  "no_match",
  "action",
  "invalid_ttl",
  "action_set",
  "group",
  "packet_out",
] as const;

export interface ControllerAction {
  readonly kind: "controller";
  /** Bytes of the packet that the controller gets; 65535: all. */
  readonly maxLength: number;
  /** Absent: `action`. */
  readonly reason?: (typeof CONTROLLER_REASONS)[number];
  /** Which controllers get it; absent: 0. */
  readonly id?: number;
  /** Bytes for the controller. */
  readonly userdata?: readonly number[];
}

export type ModName =
  | "mod_dl_src"
  | "mod_dl_dst"
  | "mod_nw_src"
  | "mod_nw_dst"
  | "mod_nw_tos"
  | "mod_nw_ecn"
  | "mod_nw_ttl"
  | "mod_tp_src"
  | "mod_tp_dst"
  | "mod_vlan_vid"
  | "mod_vlan_pcp";

/**
 * One action of a rule, in ovs-actions(7)'s words. `actions=drop` is the empty list.
 * Instructions (`goto_table`, `write_actions` …) stand in the same list, as they do in the text.
 */
export type Action =
  | {
      readonly kind: "output";
      readonly port: PortRef;
      /** The packet is cut to so many bytes. */
      readonly maxLength?: number;
    }
  | { readonly kind: "output_field"; readonly source: Subfield }
  | { readonly kind: "in_port" | "normal" | "flood" | "all" | "local" }
  | ControllerAction
  | { readonly kind: "group"; readonly group: number }
  | {
      readonly kind: "resubmit";
      readonly port: PortRef | null;
      readonly table: number | null;
      /** The look-up sees the original direction of the packet's connection in place of its addresses and ports. */
      readonly ct?: true;
    }
  | { readonly kind: "goto_table"; readonly table: number }
  | {
      readonly kind: "set_field";
      readonly field: Field;
      readonly value: bigint;
      readonly mask: bigint;
    }
  | { readonly kind: "move"; readonly source: Subfield; readonly target: Subfield }
  | { readonly kind: "load"; readonly value: bigint; readonly target: Subfield }
  | { readonly kind: "mod"; readonly name: ModName; readonly value: bigint }
  | { readonly kind: "push" | "pop"; readonly subfield: Subfield }
  | {
      readonly kind: "dec_ttl";
      /** Whom an expired TTL is told; absent: controllers with id 0. */
      readonly controllers?: readonly number[];
    }
  | { readonly kind: "pop_vlan" | "ct_clear" | "clear_actions" | "exit" | "pop_queue" }
  | { readonly kind: "set_queue"; readonly queue: number }
  | { readonly kind: "push_vlan"; readonly ethType: number }
  | CtAction
  | LearnAction
  | { readonly kind: "note"; readonly bytes: readonly number[] }
  | { readonly kind: "clone" | "write_actions"; readonly actions: readonly Action[] }
  | { readonly kind: "write_metadata"; readonly value: bigint; readonly mask: bigint };
