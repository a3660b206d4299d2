import { PORT } from "../rule/port.ts";
import { arpAnswer } from "./arp-answer.ts";
import type { IsolatedStation } from "./station.ts";

/**
 * The analysis side's port: the bridge's controller, over OpenFlow (packet-in, packet-out). It is no interface, so nothing
 * can be plugged in there, and nothing listens.
 */
export const REPLAYER = "CONTROLLER";

/** Conntrack zone of `isolation`, and the mark of connections that the replayer serves. */
const ZONE = 2;
const REPLAYED = "0x8";

export interface IsolationNetwork {
  /** What the isolated guests take for their gateway. It exists only as an answer to ARP. */
  readonly gatewayMac: string;
  readonly gatewayAddress: string;
  readonly stations: readonly IsolatedStation[];
}

/**
 * The rules of `isolation`. With no station everything is dropped. For each station:
 *
 * - table 0: the ARP question for the gateway is answered by the switch itself; the guest's TCP to a recorded server,
 *   and the replayer's TCP back, go through conntrack (paper, steps 1 to 3); nothing else passes.
 * - table 1: a SYN of the guest is committed and goes to the replayer; what is established passes between the two.
 *
 * No NORMAL, no flood: the only ports that any action names are the station's own and the replayer's.
 */
export function isolationRules(network: IsolationNetwork): string {
  const lines: string[] = [];
  for (const station of network.stations) {
    lines.push(arpAnswer(station, network.gatewayAddress, network.gatewayMac));
    for (const server of station.servers) {
      lines.push(
        `table=0,priority=100,tcp,in_port=${station.port},dl_src=${station.mac},nw_src=${station.address},` +
          `nw_dst=${server.address},tp_dst=${server.port},actions=ct(zone=${ZONE},table=1)`,
        `table=0,priority=100,tcp,in_port=${REPLAYER},dl_dst=${station.mac},nw_dst=${station.address},` +
          `nw_src=${server.address},tp_src=${server.port},actions=ct(zone=${ZONE},table=1)`,
      );
    }
  }
  lines.push("table=0,priority=0,actions=drop");
  lines.push("table=1,priority=100,ct_state=+trk+inv,actions=drop");
  for (const station of network.stations) {
    lines.push(
      `table=1,priority=90,tcp,in_port=${station.port},ct_state=+trk+new-rpl,tcp_flags=+syn-ack,` +
        `actions=ct(commit,zone=${ZONE},exec(set_field:${REPLAYED}->ct_mark)),output:${REPLAYER}`,
      `table=1,priority=80,in_port=${station.port},ct_state=+trk+est-rpl,ct_mark=${REPLAYED},actions=output:${REPLAYER}`,
      `table=1,priority=80,in_port=${REPLAYER},dl_dst=${station.mac},ct_state=+trk+est+rpl,ct_mark=${REPLAYED},` +
        `actions=output:${station.port}`,
    );
  }
  lines.push("table=1,priority=0,actions=drop");
  return `${lines.join("\n")}\n`;
}

/** Where what comes in through each port of `isolation` may leave: a station's to the replayer, the replayer's to stations. */
export function isolationEgress({ stations }: IsolationNetwork): Map<number, ReadonlySet<number>> {
  const ports = stations.map(({ port }) => port);
  return new Map([
    ...ports.map((port) => [port, new Set([PORT.controller])] as const),
    [PORT.controller, new Set(ports)] as const,
  ]);
}

/**
 * The rules of the positive control: everything goes everywhere, as on a switch that nobody configured
 * (`fail-mode=standalone`). Under them the outlet must see every kind of probe, or the probes prove nothing.
 */
export const CONTROL_RULES = "table=0,priority=0,actions=flood\n";
