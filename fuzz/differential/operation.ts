import type { SentFrame } from "../../src/case/device.ts";

/** What is done to both switches. */
export type Operation =
  | { readonly op: "packet"; readonly port: number; readonly bytes: Uint8Array }
  | { readonly op: "warp"; readonly ms: number }
  | { readonly op: "flush"; readonly args: readonly string[] };

/** What a sequence of operations led to. */
export interface Outcome {
  /** In order for each port. */
  readonly sent: readonly SentFrame[];
  /** Lines of `dpctl/dump-conntrack`, sorted. */
  readonly conntrack: readonly string[];
  /** Whether connections that are over were swept in time. Where they were not, what came after depends on chance. */
  readonly swept: boolean;
}

/** The ports of both switches. */
export const PORTS = [1, 2, 3, 4].map((no) => ({ no, name: `p${no}` }));

/** The groups that rules may use. A select group's hash is of the packet alone, so both switches choose the same bucket. */
export const GROUPS = [
  "group_id=1,type=indirect,bucket=actions=set_field:50:54:00:00:00:0c->eth_dst,output:2",
  "group_id=2,type=all,bucket=actions=output:3,bucket=actions=set_field:50:54:00:00:00:0d->eth_src,output:1",
  "group_id=3,type=select,bucket=actions=output:2",
  "group_id=4,type=select,bucket=weight=1,actions=output:1,output:2,bucket=weight=3,actions=mod_vlan_vid:9,output:3,bucket=weight=2,actions=ct(commit,zone=1,table=3)",
].join("\n");
