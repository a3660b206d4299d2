import type { KernelCall } from "./record.ts";

const ACTIONS = "net/openvswitch/actions.c";
const CONNTRACK = "net/openvswitch/conntrack.c";
const CORE = "net/netfilter/nf_conntrack_core.c";
const CONFIRM = "include/net/netfilter/nf_conntrack_core.h";

/** What decides which functions a `ct` action runs through. */
export interface CtCircumstances {
  readonly zone: number;
  readonly commit: boolean;
  readonly nat: boolean;
  /** The packet is a fragment. */
  readonly fragment: boolean;
  /** It was tracked in the same zone before, and not found invalid. */
  readonly seenBefore: boolean;
  /** `force` turned the connection round: the old one is forgotten. */
  readonly forced: boolean;
  readonly invalid: boolean;
  readonly mark: boolean;
  readonly label: boolean;
  /** A connection began here; there is none afterwards; it was there before. */
  readonly outcome: "committed" | "none" | "known";
}

/**
 * The functions of the Linux kernel's datapath that do what this `ct` action does: the paper's figure 11, in the order
 * and depth of the calls. Read from Linux 4.3, whose module Open vSwitch 2.5 brings along, and later versions; where they
 * differ, the later order is given (mark and label are set before the connection is confirmed, NAT exists since 4.6).
 * `ovs_ct_commit` calls both `__ovs_ct_lookup` and, when that returns, `nf_conntrack_confirm`.
 */
export function kernelCalls(c: CtCircumstances): KernelCall[] {
  const calls: KernelCall[] = [
    call(0, "do_execute_actions", ACTIONS, "meets OVS_ACTION_ATTR_CT in the flow's action list"),
    call(1, "ovs_ct_execute", CONNTRACK, `takes the packet to layer 3 and to zone ${c.zone}`),
  ];
  if (c.fragment)
    calls.push(call(2, "handle_fragments", CONNTRACK, "holds fragments until the packet is whole"));
  calls.push(
    c.commit
      ? call(2, "ovs_ct_commit", CONNTRACK, "commit is asked for: look up, then confirm")
      : call(2, "ovs_ct_lookup", CONNTRACK, "no commit: look up only, nothing is kept"),
    call(
      3,
      "__ovs_ct_lookup",
      CONNTRACK,
      c.seenBefore && !c.forced
        ? "knows the packet from this zone: it is not tracked a second time"
        : "hands the packet to netfilter, then reads its state into the flow key",
    ),
  );
  if (c.forced)
    calls.push(
      call(4, "nf_ct_delete", CORE, "force: forgets the connection of the other direction"),
    );
  if (!c.seenBefore || c.forced)
    calls.push(
      call(
        4,
        "nf_conntrack_in",
        CORE,
        c.invalid ? "finds that the packet fits no connection" : FOUND[c.outcome],
      ),
    );
  if (c.nat && !c.invalid)
    calls.push(call(4, "ovs_ct_nat", CONNTRACK, "translates addresses and ports"));
  if (c.commit && !c.invalid) {
    if (c.mark) calls.push(call(3, "ovs_ct_set_mark", CONNTRACK, "writes the mark"));
    if (c.label) {
      const name = c.outcome === "known" ? "ovs_ct_set_labels" : "ovs_ct_init_labels";
      calls.push(call(3, name, CONNTRACK, "writes the label"));
    }
    calls.push(call(3, "nf_conntrack_confirm", CONFIRM, CONFIRMED[c.outcome]));
  }
  return calls;
}

const FOUND: Readonly<Record<CtCircumstances["outcome"], string>> = {
  committed: "finds no connection and makes one",
  known: "finds the packet's connection",
  none: "finds no connection and makes one, which is lost unless it is confirmed",
};

const CONFIRMED: Readonly<Record<CtCircumstances["outcome"], string>> = {
  committed: "puts the connection into the table",
  known: "nothing to do: it is in the table",
  none: "puts nothing into the table",
};

function call(depth: number, name: string, file: string, does: string): KernelCall {
  return { depth, function: name, file, does };
}

/** The way of the calls in one line: `do_execute_actions → ovs_ct_execute → …`. */
export function kernelLine(calls: readonly KernelCall[]): string {
  return calls.map((one) => one.function).join(" → ");
}
