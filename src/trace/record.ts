/*
 * What `isoreplay trace --json` prints, and what the text and the page are made of. docs/trace/README.md explains each
 * member; a change that breaks a reader raises the version.
 */

export const TRACE_VERSION = 1;

/** A field that has another value than before, in ovs-ofctl's words. */
export interface Change {
  readonly field: string;
  /** Empty: the field was not there (a VLAN tag was pushed). */
  readonly before: string;
  /** Empty: the field is gone. */
  readonly after: string;
}

/** A rule that was hit. */
export interface RuleRef {
  readonly table: number;
  readonly priority: number;
  /** `0x…`. */
  readonly cookie: string;
  /** In ovs-ofctl's words; empty: every packet. */
  readonly match: string;
  /** `drop` where the list is empty. */
  readonly actions: string;
  /** Line of the rule file; `null`: the rule was learned on the way. */
  readonly line: number | null;
  /** The line as it stands there. */
  readonly text: string | null;
}

/** What conntrack says of a packet. */
export interface CtView {
  /** `+trk+new`, or `untracked`. */
  readonly state: string;
  readonly zone: number;
  /** `0x…`. */
  readonly mark: string;
  readonly label: string;
}

/** A function of the Linux kernel on the way of a `ct` action. */
export interface KernelCall {
  /** How deep the call is: 0 is `do_execute_actions`. */
  readonly depth: number;
  readonly function: string;
  readonly file: string;
  /** What it did for this packet. */
  readonly does: string;
}

/** The packet went through conntrack. */
export interface CtEffect {
  readonly kind: "ct";
  readonly zone: number;
  readonly commit: boolean;
  readonly force: boolean;
  /** The action has `nat`. */
  readonly nat: boolean;
  readonly before: CtView;
  readonly after: CtView;
  /** Why the state is what it is, a sentence. */
  readonly why: string;
  /** The packet's connection as `dpctl/dump-conntrack` prints it; `null`: there is none. */
  readonly connection: string | null;
  readonly direction: "original" | "reply" | null;
  /** A connection began here. */
  readonly committed: boolean;
  /** What NAT changed in the packet. */
  readonly changes: readonly Change[];
  readonly kernel: readonly KernelCall[];
}

/** A copy of the packet left the switch. */
export interface OutputEffect {
  readonly kind: "output";
  /** A number, `LOCAL` or `CONTROLLER`. */
  readonly port: string;
  readonly name: string | null;
  /** Why to that port: `null` where the rule names it. */
  readonly because: string | null;
  /** What differs from the packet that came in. */
  readonly changes: readonly Change[];
  /** The frame, in hexadecimal. */
  readonly packet: string;
}

export type Effect =
  | CtEffect
  | OutputEffect
  /** The tables are walked again from `table`; `pass` is the number of that walk, `null`: it was one too many. */
  | { readonly kind: "recirculate"; readonly table: number; readonly pass: number | null }
  | { readonly kind: "learn"; readonly rule: string }
  /** A remark; `stops`: it is a reason why a packet goes no further here. */
  | { readonly kind: "note"; readonly text: string; readonly stops: boolean };

/** One action of a rule. */
export interface Step {
  /** In the order of all steps of this packet, from 1. */
  readonly number: number;
  readonly action: string;
  /** What it changed in the packet or the registers. */
  readonly changes: readonly Change[];
  readonly effects: readonly Effect[];
  /** Tables that it led to (`resubmit`, `goto_table`). */
  readonly visits: readonly Visit[];
  /** Actions within it (`clone`). */
  readonly steps: readonly Step[];
}

/** A look-up in a table. */
export interface Visit {
  readonly table: number;
  /** The port that the look-up saw, where `resubmit` gave another one. */
  readonly inPort: string | null;
  /** `null`: no rule matches. */
  readonly rule: RuleRef | null;
  readonly steps: readonly Step[];
}

/** One walk through the tables. */
export interface Pass {
  /** From 1. */
  readonly number: number;
  /** The pass whose `ct(table=…)` led here; `null`: the packet came in. */
  readonly from: number | null;
  readonly table: number;
  /** The packet and what is known of it, in ovs-ofctl's words. */
  readonly flow: string;
  readonly visits: readonly Visit[];
  /** Actions of the action set (`write_actions`), done at the end. */
  readonly actionSet: readonly Step[];
  /** What remains to be done to packets like this one: the datapath's actions. */
  readonly datapath: string;
  /** Why everything that this walk wanted to do was dropped; `null`: it was not. */
  readonly dropped: string | null;
}

export interface PacketTrace {
  /** From 1. */
  readonly number: number;
  /** As it was given: flow text, hexadecimal, or `packet 3 of FILE`. */
  readonly given: string;
  /** In a few words: `TCP 10.0.0.1:49152 > 10.0.0.2:80 [syn]`. */
  readonly summary: string;
  readonly inPort: string;
  readonly inPortName: string | null;
  /** Milliseconds since the first packet. */
  readonly timeMs: number;
  /** In hexadecimal. */
  readonly packet: string;
  readonly passes: readonly Pass[];
  readonly outputs: readonly OutputEffect[];
  /** Why nothing left the switch; `null`: something did. */
  readonly dropped: string | null;
  /** Connections afterwards as `dpctl/dump-conntrack` prints them, sorted; of very many the first ones. */
  readonly connections: readonly string[];
}

export interface Trace {
  readonly kind: "isoreplay-trace";
  readonly version: typeof TRACE_VERSION;
  /** The rule file. */
  readonly rules: string;
  readonly ports: readonly { readonly number: number; readonly name: string | null }[];
  readonly packets: readonly PacketTrace[];
}
