import { arpAnswer } from "./arp-answer.ts";
import type { PlayedServer, PlayedStation, Station } from "./station.ts";

/** Conntrack zone of `isolation`, and the mark of connections that a responder serves. */
const ZONE = 2;
const SERVED = "0x7";

export interface NatNetwork {
  /** What the isolated guests take for their gateway, and the responder for every guest. It exists only as an answer to ARP. */
  readonly gatewayMac: string;
  readonly gatewayAddress: string;
  readonly stations: readonly PlayedStation[];
  readonly responder: Responder;
}

/** The host that answers: it listens on one port for each guest and server. */
export interface Responder extends Station {
  /**
   * IPv4 addresses (as `10.20.1.0/24`) that are the responder's, too, and among which connections are spread instead of
   * all going to its own. Open vSwitch 3.1's user-space conntrack keeps the *translated* tuple of a closed connection until
   * it tidies up, half a minute later or more. A guest that takes the same source port again before is given another one
   * behind the translation, and where it has used up its ports (28,000 on Linux) none is found for some of its SYNs: they
   * are lost. Without a pool that bounds how often a guest may connect; 256 addresses lift the bound 256 times.
   */
  readonly pool?: string;
}

/**
 * The rules of `isolation` where a host answers, reached by destination NAT (Open vSwitch ≥ 2.6, on the user-space
 * datapath ≥ 2.8). With no station everything is dropped. For each station:
 *
 * - table 0: ARP questions for the gateway (the guest's) and for the guest (the responder's) are answered by the switch;
 *   the guest's TCP to a recorded server and the responder's TCP back go through conntrack, translated where their
 *   connection is; nothing else passes.
 * - table 1: a SYN of the guest begins a connection to the responder's port for that server; what is established goes on.
 * - table 2: the guard. Where the range is exhausted conntrack lets a packet go on *untranslated*, so a frame leaves
 *   only with the responder's address on the way there, and only with the server's on the way back.
 */
export function natRules({ gatewayMac, gatewayAddress, stations, responder }: NatNetwork): string {
  const begin: string[] = [];
  const go: string[] = [];
  const leave: string[] = [];
  for (const station of stations) {
    begin.push(
      arpAnswer(station, gatewayAddress, gatewayMac),
      arpAnswer(responder, station.address, gatewayMac),
    );
    for (const server of station.servers) {
      begin.push(...entrances(station, server, responder));
      go.push(
        `table=1,priority=90,tcp,in_port=${station.port},ct_state=+trk+new-rpl,tcp_flags=+syn-ack,` +
          `nw_dst=${server.address},tp_dst=${server.port},actions=ct(commit,zone=${ZONE},table=2,` +
          `nat(dst=${poolRange(responder)}:${server.playedAt}),exec(set_field:${SERVED}->ct_mark))`,
      );
      leave.push(...exits(station, server, responder, gatewayMac));
    }
    go.push(
      // A SYN that is sent again is new once more, but translated: its connection is there.
      `table=1,priority=85,tcp,in_port=${station.port},ct_state=+trk+new-rpl,ct_mark=${SERVED},tcp_flags=+syn-ack,` +
        "actions=resubmit(,2)",
      `table=1,priority=80,in_port=${station.port},ct_state=+trk+est-rpl,ct_mark=${SERVED},actions=resubmit(,2)`,
    );
  }
  if (stations.length > 0)
    go.push(
      `table=1,priority=80,in_port=${responder.port},ct_state=+trk+est+rpl,ct_mark=${SERVED},actions=resubmit(,2)`,
    );
  const lines = [
    ...begin,
    "table=0,priority=0,actions=drop",
    "table=1,priority=100,ct_state=+trk+inv,actions=drop",
    ...go,
    "table=1,priority=0,actions=drop",
    ...leave,
    "table=2,priority=0,actions=drop",
  ];
  return `${lines.join("\n")}\n`;
}

function entrances(station: PlayedStation, server: PlayedServer, responder: Responder): string[] {
  return [
    `table=0,priority=100,tcp,in_port=${station.port},dl_src=${station.mac},nw_src=${station.address},` +
      `nw_dst=${server.address},tp_dst=${server.port},actions=ct(zone=${ZONE},nat,table=1)`,
    `table=0,priority=100,tcp,in_port=${responder.port},dl_src=${responder.mac},nw_src=${poolOf(responder)},` +
      `tp_src=${server.playedAt},nw_dst=${station.address},actions=ct(zone=${ZONE},nat,table=1)`,
  ];
}

function exits(
  station: PlayedStation,
  server: PlayedServer,
  responder: Responder,
  gatewayMac: string,
): string[] {
  return [
    `table=2,priority=90,tcp,in_port=${station.port},ct_state=+trk-inv-rpl,ct_mark=${SERVED},nw_src=${station.address},` +
      `nw_dst=${poolOf(responder)},tp_dst=${server.playedAt},` +
      `actions=set_field:${responder.mac}->eth_dst,output:${responder.port}`,
    `table=2,priority=90,tcp,in_port=${responder.port},ct_state=+trk-inv+rpl,ct_mark=${SERVED},` +
      `nw_src=${server.address},tp_src=${server.port},nw_dst=${station.address},` +
      `actions=set_field:${gatewayMac}->eth_src,set_field:${station.mac}->eth_dst,output:${station.port}`,
  ];
}

/** What is the responder's address behind the translation, as a match has it. */
function poolOf({ address, pool }: Responder): string {
  return pool ?? address;
}

/** The same as `nat` has it: the first and the last address. */
function poolRange({ address, pool }: Responder): string {
  if (pool === undefined) return address;
  const [first = "", bits = ""] = pool.split("/");
  const from = first.split(".").reduce((number, octet) => number * 256 + Number(octet), 0);
  const to = from + 2 ** (32 - Number(bits)) - 1;
  const last = [24, 16, 8, 0].map((shift) => Math.floor(to / 2 ** shift) % 256);
  return `${first}-${last.join(".")}`;
}

/** Where what comes in through each port of `isolation` may leave: a station's to the responder, the responder's to stations. */
export function natEgress({
  stations,
  responder,
}: Pick<NatNetwork, "stations" | "responder">): Map<number, ReadonlySet<number>> {
  const ports = stations.map(({ port }) => port);
  return new Map([
    ...ports.map((port) => [port, new Set([responder.port])] as const),
    [responder.port, new Set(ports)] as const,
  ]);
}

/**
 * What may leave there, in `ovs-ofctl`'s words, by the same two ports: a guest's packets to the responder and the answers
 * back, both only translated and only of a connection that the guest began under these rules. The rules of table 2 have to
 * ask for it themselves, so that whatever the tables before it let through ends there.
 */
export function natDoors({
  stations,
  responder,
}: Pick<NatNetwork, "stations" | "responder">): Map<
  number,
  ReadonlyMap<number, readonly string[]>
> {
  const to = ({ address, servers }: PlayedStation) =>
    servers.map(
      ({ playedAt }) =>
        `tcp,ct_state=+trk-inv-rpl,ct_mark=${SERVED},nw_src=${address},nw_dst=${poolOf(responder)},tp_dst=${playedAt}`,
    );
  const back = ({ address, servers }: PlayedStation) =>
    servers.map(
      (server) =>
        `tcp,ct_state=+trk-inv+rpl,ct_mark=${SERVED},nw_src=${server.address},tp_src=${server.port},nw_dst=${address}`,
    );
  return new Map([
    ...stations.map((guest) => [guest.port, new Map([[responder.port, to(guest)]])] as const),
    [responder.port, new Map(stations.map((guest) => [guest.port, back(guest)] as const))] as const,
  ]);
}
