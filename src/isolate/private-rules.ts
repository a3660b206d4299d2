import type { Station } from "./station.ts";

/** Conntrack zone of `private`. */
const ZONE = 1;

export interface PrivateNetwork {
  /** The port to the router. */
  readonly uplinkPort: number;
  /** Every other port: instances and benign clients. */
  readonly stations: readonly Station[];
  /** Instances judged malicious: nothing of theirs passes any more, and nothing that is addressed to them. */
  readonly cut: readonly Station[];
}

/**
 * The rules of `private`, in ovs-ofctl's words. New connections may only begin at a station (paper, step 1:
 * `ct_state=+new` → commit, normal); what is established passes (step 3).
 *
 * A broadcast of somebody else still reaches a cut instance, because `normal` floods it; it cannot answer.
 * A cut is a pair of drops above everything else, so it holds for connections that already exist too, whatever
 * conntrack thinks of them: flushing alone would not do, because a mid-stream ACK is picked up as +new again.
 */
export function privateRules(network: PrivateNetwork): string {
  const lines = [
    ...network.cut.flatMap((station) => [
      `table=0,priority=1000,in_port=${station.port},actions=drop`,
      `table=0,priority=1000,dl_dst=${station.mac},actions=drop`,
    ]),
    "table=0,priority=100,arp,actions=normal",
    `table=0,priority=50,ip,actions=ct(zone=${ZONE},table=1)`,
    "table=0,priority=0,actions=drop",
    "table=1,priority=100,ct_state=+trk+inv,actions=drop",
    "table=1,priority=90,ct_state=+trk+est,actions=normal",
    "table=1,priority=85,ct_state=+trk+rel,actions=normal",
    ...network.stations.map(
      (station) =>
        `table=1,priority=80,ip,ct_state=+trk+new,in_port=${station.port},actions=ct(commit,zone=${ZONE}),normal`,
    ),
    "table=1,priority=0,actions=drop",
  ];
  return `${lines.join("\n")}\n`;
}
