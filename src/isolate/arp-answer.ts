import type { Station } from "./station.ts";

/**
 * An ARP responder in one flow: what `asker` asks about `address` is turned round and goes back through the port it came
 * from, with `mac` as the answer. Nobody else hears the question.
 */
export function arpAnswer(asker: Station, address: string, mac: string): string {
  const actions = [
    "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]",
    `set_field:${mac}->eth_src`,
    "set_field:2->arp_op",
    "move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]",
    "move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[]",
    `set_field:${mac}->arp_sha`,
    `set_field:${address}->arp_spa`,
    "in_port",
  ];
  return (
    `table=0,priority=110,arp,in_port=${asker.port},dl_src=${asker.mac},arp_op=1,` +
    `arp_tpa=${address},actions=${actions.join(",")}`
  );
}
