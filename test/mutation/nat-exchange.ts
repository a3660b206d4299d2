import type { Endpoint } from "../../src/base/net.ts";
import type { PlayedServer, PlayedStation } from "../../src/isolate/station.ts";
import { parseRules } from "../../src/rule/parse.ts";
import { ARP_OPERATION } from "../../src/wire/arp.ts";
import { emitArpFrame } from "../../src/wire/packet.ts";
import { arp, type End, tcp, udp, unreachable } from "./frames.ts";
import { playing } from "./nat-frames.ts";
import { GATEWAY, OUTLET, PLAYED, RESPONDER, STRANGER } from "./rule-sets.ts";
import {
  client,
  type Exchange,
  type Expected,
  exchange,
  type Script,
  server,
  stops,
} from "./script.ts";

/** The guest as the responder knows it: behind the gateway's MAC address. */
const behind = (guest: End): End => ({ ...guest, mac: GATEWAY.mac });

/** Whose TCP: the guest's frame, and what it must be when it reaches the responder; and back. */
function legs(station: PlayedStation, own: PlayedServer, port = 50_000) {
  const me = client({ ...station, servers: [] }, port);
  const to = server(own);
  const host = playing(own.playedAt);
  const go = (flags: string, seq = 0, ack = 0, text = ""): Expected => ({
    from: station.port,
    bytes: tcp(me, to, flags, seq, ack, text),
    to: [RESPONDER.port],
    as: tcp(me, host, flags, seq, ack, text),
  });
  const back = (flags: string, seq = 0, ack = 0, text = ""): Expected => ({
    from: RESPONDER.port,
    bytes: tcp(host, behind(me), flags, seq, ack, text),
    to: [station.port],
    as: tcp(to, me, flags, seq, ack, text),
  });
  return { me, to, host, go, back };
}

function whole(station: PlayedStation, own: PlayedServer): Expected[] {
  const { go, back } = legs(station, own);
  return [
    go("S", 100),
    // The answer is late, so it is sent again.
    go("S", 100),
    back("SA", 900, 101),
    go("A", 101, 901),
    go("PA", 101, 901, "GET /"),
    back("PA", 901, 106, "200 OK"),
    go("FA", 106, 907),
    back("FA", 907, 107),
    go("A", 107, 908),
  ];
}
const begun = (steps: readonly Expected[]) => steps.slice(0, 6);

function answered(
  asker: { readonly port: number; readonly mac: string; readonly address: string },
  target: string,
): Expected {
  const reply = emitArpFrame({
    sourceMac: GATEWAY.mac,
    destinationMac: asker.mac,
    arp: {
      operation: ARP_OPERATION.reply,
      senderMac: GATEWAY.mac,
      senderAddress: target,
      targetMac: asker.mac,
      targetAddress: asker.address,
    },
  });
  return { from: asker.port, bytes: arp(asker, target), to: [asker.port], as: reply };
}

const PAIRS = PLAYED.flatMap((station) => station.servers.map((own) => [station, own] as const));
const other = (station: PlayedStation) =>
  PLAYED.find((candidate) => candidate !== station) ?? station;
const MACS = ["52:54:00:00:00:81", "52:54:00:00:00:00", "52:54:00:00:00:03", "52:54:00:80:00:01"];
const RESPONDER_MACS = ["52:54:00:00:00:0b", "52:54:00:00:00:08", "52:54:00:ff:00:0a"];
const ADDRESSES = ["10.20.0.0", "10.20.0.130", "10.20.200.2", "10.21.0.2", "198.51.100.1"];
const ELSEWHERE = ["203.0.113.6", "203.0.113.4", "203.0.113.8", "203.0.113.13", "203.0.113.140"];
const FAR = ["203.0.200.7", "203.0.200.12", STRANGER.address];
const PORTS = [81, 64, 22, 208, 8081, 8064, 8192, 8096];

/** What the guest could send that begins no connection of its own to a recorded server. */
function strays(station: PlayedStation, own: PlayedServer): Expected[] {
  const { me, to, host } = legs(station, own, 51_000);
  const { port } = station;
  const others: Endpoint[] = [
    ...[...ELSEWHERE, ...FAR].map((address) => ({ address, port: own.port })),
    ...PORTS.map((p) => ({ address: own.address, port: p })),
    host,
  ];
  const foreign = other(station);
  const liars = [
    ...[foreign.mac, ...MACS].map((mac) => ({ ...me, mac })),
    ...[foreign.address, ...ADDRESSES].map((address) => ({ ...me, address })),
  ];
  return [
    ...others.map((end) => stops(port, tcp(me, server(end), "S"))),
    ...liars.map((liar) => stops(port, tcp(liar, to, "S"))),
    ...liars.slice(0, 5).map((liar) => stops(port, arp(liar, GATEWAY.address))),
    ...["10.20.0.0", "10.20.0.9", "10.20.200.1"].map((a) => stops(port, arp(me, a))),
    ...[ARP_OPERATION.reply, 3].map((op) => stops(port, arp(me, GATEWAY.address, op))),
    ...["A", "PA", "SA", "R", "RA", "FA", "F", ""].map((f) => stops(port, tcp(me, to, f, 5, 7))),
    stops(port, udp(me, to)),
    stops(port, unreachable(me, to, tcp(to, me, "S"))),
    ...[OUTLET, foreign.port, RESPONDER.port].map((from) => stops(from, tcp(me, to, "S"))),
  ];
}

/** What the responder could send: beginnings of its own, answers to nobody, questions about others. */
function ofResponder(station: PlayedStation, own: PlayedServer): Expected[] {
  const { me, host } = legs(station, own, 51_000);
  const at = RESPONDER.port;
  const guest = behind(me);
  return [
    ...["S", "SA", "A", "PA", "R", "RA", "FA", ""].map((f) => stops(at, tcp(host, guest, f, 5, 7))),
    ...["S", "SA", "PA"].map((f) => stops(at, tcp({ ...server(own), mac: host.mac }, guest, f))),
    stops(at, udp(host, guest)),
    stops(at, tcp(host, { ...STRANGER, port: 80 }, "S")),
    ...["10.20.0.0", "10.20.0.130", "10.20.200.2", GATEWAY.address, STRANGER.address].map((a) =>
      stops(at, arp(RESPONDER, a)),
    ),
    ...RESPONDER_MACS.map((mac) => stops(at, arp({ ...RESPONDER, mac }, station.address))),
    ...[ARP_OPERATION.reply, 3].map((op) => stops(at, arp(RESPONDER, station.address, op))),
    ...[station.port, OUTLET].map((from) => stops(from, arp(RESPONDER, station.address))),
  ];
}

/** With a connection that stands: what does not belong to it, however near it comes. */
function besides(station: PlayedStation, own: PlayedServer): Script {
  const { me, to, host } = legs(station, own);
  const foreign = other(station);
  const more = tcp(me, to, "PA", 106, 907, "more");
  const next = tcp(host, behind(me), "PA", 907, 106, "more");
  return {
    before: null,
    history: begun(whole(station, own)),
    steps: [
      ...[foreign.port, OUTLET, RESPONDER.port].map((port) => stops(port, more)),
      ...[station.port, foreign.port, OUTLET].map((port) => stops(port, next)),
      ...[foreign.mac, ...MACS].map((mac) =>
        stops(station.port, tcp({ ...me, mac }, to, "PA", 106, 907, "more")),
      ),
      ...RESPONDER_MACS.map((mac) =>
        stops(RESPONDER.port, tcp({ ...host, mac }, behind(me), "PA", 907, 106, "more")),
      ),
      stops(station.port, tcp(me, host, "PA", 106, 907, "more")),
      stops(station.port, tcp(me, to, "PA", 5_000_000, 907, "far out of the window")),
      stops(RESPONDER.port, tcp(host, behind(me), "PA", 5_000_000, 106, "far out of the window")),
      stops(station.port, tcp({ ...me, port: 50_001 }, to, "PA", 106, 907, "more")),
      stops(station.port, unreachable(me, to, tcp(to, me, "PA", 907, 106, "more"))),
      stops(RESPONDER.port, unreachable(host, behind(me), tcp(me, host, "PA", 106, 907, "more"))),
    ],
  };
}

/** A connection that stood before, without the mark or with another one, is none of the responder's. */
function unmarked(station: PlayedStation, own: PlayedServer, mark: string): Script {
  const { me, to, host } = legs(station, own);
  const nat = `nat(dst=${RESPONDER.address}:${own.playedAt})`;
  return {
    before: parseRules(
      `table=0,priority=9,tcp,in_port=${station.port},actions=ct(commit,zone=2,${nat}${mark})\n` +
        `table=0,priority=9,tcp,in_port=${RESPONDER.port},actions=ct(zone=2,nat)\n` +
        "table=0,priority=0,actions=drop\n",
    ),
    history: begun(whole(station, own)),
    steps: [
      stops(station.port, tcp(me, to, "PA", 106, 907, "more")),
      stops(RESPONDER.port, tcp(host, behind(me), "PA", 907, 106, "more")),
    ],
  };
}

export function natExchange(): Exchange {
  const useful: Script = {
    before: null,
    history: [],
    steps: PAIRS.flatMap(([station, own]) => [
      answered(station, GATEWAY.address),
      answered(RESPONDER, station.address),
      ...whole(station, own),
    ]),
  };
  const marks = ["", ",exec(set_field:6->ct_mark)", ",exec(set_field:0x80007->ct_mark)"];
  return exchange(useful, [
    ...PAIRS.map(([station, own]) => ({
      ...{ before: null, history: [] },
      steps: [...strays(station, own), ...ofResponder(station, own)],
    })),
    ...PAIRS.map(([station, own]) => besides(station, own)),
    ...PAIRS.flatMap(([station, own]) => marks.map((mark) => unmarked(station, own, mark))),
  ]);
}
