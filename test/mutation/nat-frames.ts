import { parseRules } from "../../src/rule/parse.ts";
import type { Rule } from "../../src/rule/rule.ts";
import {
  arp,
  CLIENT_PORT,
  type End,
  probesOf,
  type Step,
  tcp,
  udp,
  unreachable,
} from "./frames.ts";
import {
  GATEWAY,
  OTHER_SERVER,
  OUTLET,
  PLAYED,
  RESPONDER,
  SERVER,
  STATIONS,
  STRANGER,
} from "./rule-sets.ts";

/** The responder as a station's program for a server. */
export const playing = (port: number): End => ({
  mac: RESPONDER.mac,
  address: RESPONDER.address,
  port,
});
const guest = ({ address }: { readonly address: string }, port = CLIENT_PORT): End => ({
  mac: GATEWAY.mac,
  address,
  port,
});
const PAIRS = PLAYED.flatMap((station) => station.servers.map((server) => ({ station, server })));

/** Each station's connections to its servers from this port, answered by the responder. */
export function natConversations(own = CLIENT_PORT): Step[] {
  return PAIRS.flatMap(({ station: { port, mac, address }, server }) => {
    const me = { mac, address, port: own };
    const to = { ...server, mac: GATEWAY.mac };
    const answers = playing(server.playedAt);
    return [
      { from: port, bytes: tcp(me, to, "S", 100) },
      { from: RESPONDER.port, bytes: tcp(answers, guest(me, own), "SA", 900, 101) },
      { from: port, bytes: tcp(me, to, "A", 101, 901) },
      { from: port, bytes: tcp(me, to, "PA", 101, 901, "GET /") },
      { from: RESPONDER.port, bytes: tcp(answers, guest(me, own), "PA", 901, 106, "200 OK") },
    ];
  });
}

/** Connections that a predecessor left: between stations and the responder's own address, begun by either. */
export function natLeftovers(): Step[] {
  return PAIRS.flatMap(({ station: { port, mac, address }, server }) => {
    const me = { mac, address, port: CLIENT_PORT };
    const direct = playing(server.playedAt);
    const asServer = { ...server, mac: RESPONDER.mac };
    return [CLIENT_PORT + 1, CLIENT_PORT + 2].flatMap((own, i) => {
      const [a, b] = [{ ...me, port: own }, i === 0 ? direct : asServer];
      return [
        { from: port, bytes: tcp(a, b, "S", 100) },
        { from: RESPONDER.port, bytes: tcp(b, a, "SA", 900, 101) },
        { from: port, bytes: tcp(a, b, "A", 101, 901) },
        { from: RESPONDER.port, bytes: tcp(b, { ...a, port: own + 10 }, "S", 100) },
        { from: port, bytes: tcp({ ...a, port: own + 10 }, b, "SA", 900, 101) },
        { from: RESPONDER.port, bytes: tcp(b, { ...a, port: own + 10 }, "A", 101, 901) },
        { from: port, bytes: udp(a, b) },
      ];
    });
  });
}

/** Rules that translate, too, but set no mark or another one: their connections are none of the responder's. */
export function natPredecessors(): readonly (readonly Rule[])[] {
  return ["", ",exec(set_field:6->ct_mark)"].map((mark) =>
    parseRules(
      PAIRS.map(
        ({ station, server }) =>
          `table=0,priority=9,tcp,in_port=${station.port},nw_dst=${server.address},tp_dst=${server.port},` +
          `actions=ct(commit,zone=2,nat(dst=${RESPONDER.address}:${server.playedAt})${mark})\n`,
      ).join("") +
        `table=0,priority=9,tcp,in_port=${RESPONDER.port},actions=ct(zone=2,nat)\n` +
        "table=0,priority=0,actions=drop\n",
    ),
  );
}

/** With a source port below it a connection is given one below it behind the translation. */
const WELL_KNOWN = 512;

/** Every port that a translation could take is taken. */
export function natExhausted(): Step[] {
  return PAIRS.flatMap(({ station: { port, mac, address }, server }) =>
    Array.from({ length: WELL_KNOWN - 1 }, (_, i) => ({
      from: port,
      bytes: tcp({ mac, address, port: i + 1 }, playing(server.playedAt), "S", 100),
    })),
  );
}

/** Packets that would have to be translated, and for which there is no port left. */
function untranslatable(): Step[] {
  return PAIRS.flatMap(({ station: { port, mac, address }, server }) => [
    { from: port, bytes: tcp({ mac, address, port: 100 }, { ...server, mac: GATEWAY.mac }, "S") },
    {
      from: RESPONDER.port,
      bytes: tcp(playing(server.playedAt), guest({ address }, 100), "SA", 900, 101),
    },
  ]);
}

/** Single packets: of everybody to whoever could answer and back, of probes, through every port. */
export async function natStrays(ports: readonly number[]): Promise<Step[]> {
  const frames: Uint8Array[] = [];
  const clients = STATIONS.flatMap(({ mac, address }) =>
    [CLIENT_PORT, CLIENT_PORT + 1, CLIENT_PORT + 2].map((port) => ({ mac, address, port })),
  );
  const targets: End[] = [
    ...[SERVER, OTHER_SERVER, { ...SERVER, port: 81 }, { ...SERVER, address: "203.0.113.6" }].map(
      (server) => ({ ...server, mac: RESPONDER.mac }),
    ),
    ...[...PAIRS.map(({ server }) => server.playedAt), 22].map(playing),
  ];
  for (const me of clients)
    for (const to of targets) {
      const near = { ...to, mac: GATEWAY.mac };
      // The beginning comes last: whatever comes before it belongs to no connection of the guest's.
      for (const flags of ["SA", "PA", "R", "S"])
        frames.push(tcp(me, near, flags, 106, 907), tcp(to, guest(me, me.port), flags, 907, 106));
      frames.push(udp(me, near), udp(to, guest(me, me.port)));
      frames.push(unreachable(me, near, tcp(to, me, "PA", 907, 106)));
      frames.push(unreachable(to, guest(me, me.port), tcp(me, near, "PA", 106, 907)));
      for (const flags of ["S", "PA"])
        frames.push(tcp(to, guest(me, me.port + 10), flags, 101, 901));
    }
  const [first, second] = STATIONS.map(({ mac, address }) => ({ mac, address, port: CLIENT_PORT }));
  if (first === undefined || second === undefined) throw new RangeError("two stations");
  for (const flags of ["S", "PA"])
    frames.push(tcp(first, { ...second, port: 80 }, flags, 101, 901));
  for (const who of [...STATIONS, RESPONDER, STRANGER])
    for (const target of [GATEWAY.address, STATIONS[0].address, STRANGER.address])
      frames.push(arp(who, target), arp(who, target, 2));
  frames.push(...(await probesOf(STATIONS[1], { port: 80, ...STRANGER })));
  return [
    ...untranslatable(),
    // The responder first: before the guests begin anything that it could answer.
    ...ports.toReversed().flatMap((from) => frames.map((bytes) => ({ from, bytes }))),
    ...[
      { ...first, mac: STRANGER.mac },
      { ...first, address: "10.20.0.130" },
    ].map((liar) => ({
      from: STATIONS[0].port,
      bytes: tcp(liar, { ...SERVER, mac: GATEWAY.mac }, "S"),
    })),
    { from: OUTLET, bytes: tcp(first, { ...SERVER, mac: GATEWAY.mac }, "S") },
  ];
}
