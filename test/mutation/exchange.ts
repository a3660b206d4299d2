import { parseRules } from "../../src/rule/parse.ts";
import { PORT } from "../../src/rule/port.ts";
import { ARP_OPERATION } from "../../src/wire/arp.ts";
import { emitEthernet } from "../../src/wire/ethernet.ts";
import { emitArpFrame } from "../../src/wire/packet.ts";
import { arp, CONTROLLER, type End, tcp, udp, unreachable } from "./frames.ts";
import { natExchange } from "./nat-exchange.ts";
import {
  GATEWAY,
  OTHER_SERVER,
  OUTLET,
  type Place,
  type RuleSet,
  SERVER,
  STATIONS,
  STRANGER,
  UPLINK,
} from "./rule-sets.ts";
import {
  client,
  type Exchange,
  type Expected,
  exchange,
  passes,
  type Script,
  server,
  stops,
} from "./script.ts";

/** TCP from its first segment to the last; answers come from `to`. */
function tcpExchange(from: number, a: End, to: number, b: End): Expected[] {
  return [
    passes(from, to, tcp(a, b, "S", 100)),
    passes(to, from, tcp(b, a, "SA", 900, 101)),
    passes(from, to, tcp(a, b, "A", 101, 901)),
    passes(from, to, tcp(a, b, "PA", 101, 901, "GET /")),
    passes(to, from, tcp(b, a, "PA", 901, 106, "200 OK")),
    passes(from, to, tcp(a, b, "FA", 106, 907)),
    passes(to, from, tcp(b, a, "FA", 907, 107)),
    passes(from, to, tcp(a, b, "A", 107, 908)),
  ];
}

const begun = (steps: readonly Expected[]) => steps.slice(0, 5);
function gatewayAnswer({ port, mac, address }: Place): Expected {
  const reply = emitArpFrame({
    sourceMac: GATEWAY.mac,
    destinationMac: mac,
    arp: {
      operation: ARP_OPERATION.reply,
      senderMac: GATEWAY.mac,
      senderAddress: GATEWAY.address,
      targetMac: mac,
      targetAddress: address,
    },
  });
  return { from: port, bytes: arp({ mac, address }, GATEWAY.address), to: [port], as: reply };
}

/** What a station could send that is not the beginning or the rest of its own connections. */
function strays(station: Place, foreign: Place): Expected[] {
  const { port } = station;
  const me = client(station, 51_000);
  const [to] = station.servers.map(server);
  if (to === undefined) throw new RangeError("a station without servers");
  const elsewhere = [
    ...["203.0.113.6", "203.0.113.8", "203.0.113.200", "203.0.200.7", STRANGER.address],
    ...["203.0.113.5", "203.0.113.13", "203.0.113.28", "203.0.113.140"],
  ].flatMap((address) =>
    [SERVER.port, OTHER_SERVER.port].map((p) => ({ ...to, address, port: p })),
  );
  const otherPorts = [81, 22, 208, 64, 443, 8081, 8208, 8096].flatMap((p) =>
    [SERVER, OTHER_SERVER].map(({ address }) => ({ ...to, address, port: p })),
  );
  const liars = [
    { ...me, mac: foreign.mac },
    ...["52:54:00:00:00:81", "52:54:00:00:00:00", "52:54:00:00:00:03"].map((mac) => ({
      ...me,
      mac,
    })),
    { ...me, mac: "52:54:00:80:00:01" },
    { ...me, mac: "00:00:00:00:00:00" },
    { ...me, address: foreign.address },
    ...["10.20.0.130", "10.20.200.2", "10.20.0.0", "198.51.100.1"].map((address) => ({
      ...me,
      address,
    })),
  ];
  return [
    ...[...elsewhere, ...otherPorts].map((end) => stops(port, tcp(me, end, "S"))),
    ...liars.flatMap((end) => [
      ...station.servers.map((own) => stops(port, tcp(end, server(own), "S"))),
      stops(port, arp(end, "10.20.0.9")),
    ]),
    ...liars.slice(0, 6).map((end) => stops(port, arp(end, GATEWAY.address))),
    ...["10.20.0.0", "10.20.0.200", "10.20.200.1", "10.21.0.1"].map((a) => stops(port, arp(me, a))),
    ...[ARP_OPERATION.reply, 3].map((op) => stops(port, arp(me, GATEWAY.address, op))),
    // Neither begins a connection, nor belongs to one.
    ...["A", "PA", "SA", "R", "RA", "FA", "F", ""].map((f) => stops(port, tcp(me, to, f, 5, 7))),
    stops(port, udp(me, to)),
    stops(port, unreachable(me, to, tcp(to, me, "S"))),
    stops(OUTLET, tcp(me, to, "S")),
    stops(foreign.port, tcp(me, to, "S")),
    ...["S", "SA", "A", "PA"].map((f) => stops(CONTROLLER, tcp(to, me, f, 5, 7))),
  ];
}

/** With a connection that stands: what does not belong to it, however near it comes. */
function besides(station: Place, foreign: Place): Script[] {
  const me = client(station);
  return station.servers.map(server).map((to) => {
    const next = tcp(to, me, "PA", 907, 106, "more");
    return {
      before: null,
      history: begun(tcpExchange(station.port, me, CONTROLLER, to)),
      steps: [
        stops(CONTROLLER, tcp(to, { ...me, mac: foreign.mac }, "PA", 907, 106, "more")),
        ...["52:54:00:00:00:81", "52:54:00:00:00:00", "52:54:00:00:00:03"].map((mac) =>
          stops(CONTROLLER, tcp(to, { ...me, mac }, "PA", 907, 106, "more")),
        ),
        ...[station.port, foreign.port, OUTLET].map((port) => stops(port, next)),
        ...[foreign.port, OUTLET, CONTROLLER].map((port) =>
          stops(port, tcp(me, to, "PA", 106, 907, "more")),
        ),
        stops(station.port, tcp(me, to, "PA", 5_000_000, 907, "far out of the window")),
        stops(CONTROLLER, tcp(to, me, "PA", 5_000_000, 106, "far out of the window")),
        stops(station.port, unreachable(me, to, next)),
        stops(station.port, tcp({ ...me, port: 50_001 }, to, "PA", 106, 907, "more")),
      ],
    };
  });
}

/** A connection that stood before, without a mark or with another, is none of the replayer's. */
function unmarked(station: Place, mark: string): Script[] {
  const me = client(station);
  return station.servers.map(server).map((to) => ({
    before: parseRules(
      `table=0,priority=9,tcp,actions=ct(commit,zone=2${mark}),flood\ntable=0,priority=0,actions=drop\n`,
    ),
    history: begun(tcpExchange(station.port, me, CONTROLLER, to)),
    steps: [
      stops(station.port, tcp(me, to, "PA", 106, 907, "more")),
      stops(CONTROLLER, tcp(to, me, "PA", 907, 106, "more")),
    ],
  }));
}

/** Connections that the replayer's mark is on, but that are none of the station's to a recorded server. */
function foreignButMarked(station: Place): Script[] {
  const me = client(station);
  const before = parseRules(
    "table=0,priority=9,ip,actions=ct(commit,zone=2,exec(set_field:8->ct_mark)),flood\ntable=0,priority=0,actions=drop\n",
  );
  const addresses = ["203.0.113.6", "203.0.113.4", "203.0.113.8", "203.0.113.200", "203.0.200.7"];
  const ports = [81, 64, 22, 8081, 8064, 8192, 8000, 0x1f01];
  const others = [SERVER, OTHER_SERVER]
    .map(server)
    .flatMap((own) => [
      ...[...addresses, "203.0.113.13", STRANGER.address].map((address) => ({ ...own, address })),
      ...ports.map((port) => ({ ...own, port })),
    ]);
  const later = others.map((to) => ({
    before,
    history: begun(tcpExchange(station.port, me, CONTROLLER, to)),
    steps: [
      stops(station.port, tcp(me, to, "PA", 106, 907, "more")),
      stops(CONTROLLER, tcp(to, me, "PA", 907, 106, "more")),
    ],
  }));
  const near = ["10.20.0.0", "10.20.0.130", ...STATIONS.map(({ address }) => address)];
  const liars = near
    .filter((address) => address !== station.address)
    .flatMap((address) =>
      station.servers.map((to) => {
        const liar = { ...me, address };
        return {
          before,
          history: begun(tcpExchange(station.port, liar, CONTROLLER, server(to))),
          steps: [stops(CONTROLLER, tcp(server(to), liar, "PA", 907, 106, "more"))],
        };
      }),
    );
  const turned = station.servers.map(server).map((to) => ({
    before,
    history: begun(tcpExchange(CONTROLLER, to, station.port, me)),
    steps: [
      stops(CONTROLLER, tcp(to, me, "PA", 106, 907, "more")),
      stops(station.port, tcp(me, to, "PA", 907, 106, "more")),
    ],
  }));
  const datagrams = station.servers.map(server).map((to) => ({
    before,
    history: [{ from: station.port, bytes: udp(me, to) }],
    steps: [stops(station.port, udp(me, to)), stops(CONTROLLER, udp(to, me))],
  }));
  return [...later, ...liars, ...turned, ...datagrams];
}

function isolationExchange(): Exchange {
  const [first, second] = STATIONS;
  const pairs = [[first, second] as const, [second, first] as const];
  const useful: Script = {
    before: null,
    history: [],
    steps: STATIONS.flatMap((station) => [
      gatewayAnswer(station),
      ...station.servers.flatMap((to) =>
        tcpExchange(station.port, client(station), CONTROLLER, server(to)),
      ),
    ]),
  };
  const strict: Script[] = [
    ...pairs.map(([a, b]) => ({ before: null, history: [], steps: strays(a, b) })),
    ...pairs.flatMap(([a, b]) => besides(a, b)),
    ...STATIONS.flatMap(foreignButMarked),
    ...pairs.flatMap(([a]) =>
      ["", ",exec(set_field:9->ct_mark)", ",exec(set_field:0x80008->ct_mark)"].flatMap((mark) =>
        unmarked(a, mark),
      ),
    ),
  ];
  return exchange(useful, strict);
}

function privateExchange(): Exchange {
  const [cut, station] = STATIONS;
  const { port } = station;
  const me = client(station);
  const far = server(SERVER);
  const hello = { from: UPLINK, bytes: arp(GATEWAY, station.address) };
  const known = [hello, { from: port, bytes: arp(me, GATEWAY.address) }];
  const sent = udp(me, { ...far, port: 53 });
  const connected = tcpExchange(port, me, UPLINK, far);
  const useful: Script = {
    before: null,
    history: [],
    steps: [
      { ...hello, to: [cut.port, port, OUTLET, PORT.local], as: null },
      passes(port, UPLINK, arp(me, GATEWAY.address, ARP_OPERATION.reply, GATEWAY.mac)),
      ...connected,
      passes(port, UPLINK, sent),
      passes(UPLINK, port, unreachable(far, me, sent)),
      passes(UPLINK, port, udp({ ...far, port: 53 }, me)),
    ],
  };
  const late = { ...me, port: 52_000 };
  const strict: Script = {
    before: null,
    history: [...known, ...begun(connected)],
    steps: [
      ...["S", "SA", "A", "PA"].map((f) => stops(UPLINK, tcp(far, late, f, 5, 7))),
      stops(UPLINK, udp(far, late)),
      stops(UPLINK, unreachable(far, late, udp(late, far))),
      stops(UPLINK, tcp(far, me, "PA", 5_000_000, 106, "far out of the window")),
      stops(port, tcp(me, far, "PA", 5_000_000, 907, "far out of the window")),
      stops(port, tcp(late, far, "SA")),
      stops(OUTLET, tcp({ ...late, mac: STRANGER.mac }, far, "S")),
      ...[port, UPLINK].map((from) =>
        stops(
          from,
          emitEthernet({
            ...{ destination: GATEWAY.mac, source: me.mac, tags: [] },
            ...{ etherType: 0x88b5, payload: new Uint8Array(46) },
          }),
        ),
      ),
    ],
  };
  return exchange(useful, [strict]);
}

export function exchangeOf({ name }: RuleSet): Exchange {
  switch (name) {
    case "isolation":
      return isolationExchange();
    case "private":
      return privateExchange();
    case "nat":
      return natExchange();
  }
}
