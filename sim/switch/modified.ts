import type { ModName } from "../../src/rule/action.ts";

/** What `mod_*` writes: field, mask, by how much the value is shifted, bits that are set besides (a VLAN tag's). */
export const MODIFIED: Readonly<
  Record<
    Exclude<ModName, "mod_tp_src" | "mod_tp_dst">,
    readonly [field: string, mask: bigint, shift: bigint, always: bigint]
  >
> = {
  mod_dl_src: ["eth_src", 0xffffffffffffn, 0n, 0n],
  mod_dl_dst: ["eth_dst", 0xffffffffffffn, 0n, 0n],
  mod_nw_src: ["ip_src", 0xffffffffn, 0n, 0n],
  mod_nw_dst: ["ip_dst", 0xffffffffn, 0n, 0n],
  mod_nw_tos: ["nw_tos", 0xfcn, 0n, 0n],
  mod_nw_ecn: ["nw_ecn", 0x3n, 0n, 0n],
  mod_nw_ttl: ["nw_ttl", 0xffn, 0n, 0n],
  mod_vlan_vid: ["vlan_tci", 0xfffn, 0n, 0x1000n],
  mod_vlan_pcp: ["vlan_tci", 0xe000n, 13n, 0x1000n],
};
