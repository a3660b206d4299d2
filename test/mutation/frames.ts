import { Random } from "../../src/base/random.ts";
import { MemoryWorld } from "../../src/program/memory-network.ts";
import { runProbe } from "../../src/program/probe.ts";
import { PORT } from "../../src/rule/port.ts";
import { ARP_OPERATION } from "../../src/wire/arp.ts";
import { ICMP_TYPE, UNREACHABLE_CODE } from "../../src/wire/icmp.ts";
import { emitArpFrame, emitIcmpFrame, emitTcpFrame, emitUdpFrame } from "../../src/wire/packet.ts";
import { GATEWAY, OTHER_SERVER, type Place, SERVER, STATIONS, STRANGER } from "./rule-sets.ts";

/** A frame that comes in through a port. */
export interface Step {
  readonly from: number;
  readonly bytes: Uint8Array;
}

export interface End {
  readonly mac: string;
  readonly address: string;
  readonly port: number;
}

const FLAGS = { F: 1, S: 2, R: 4, P: 8, A: 16 } as const;
export const CLIENT_PORT = 40_000;

const route = (from: End, to: End) => ({
  sourceMac: from.mac,
  destinationMac: to.mac,
  source: from.address,
  destination: to.address,
});

/** Flags as letters: `SA` is a SYN+ACK. */
export function tcp(from: End, to: End, flags: string, seq = 0, ack = 0, text = ""): Uint8Array {
  return emitTcpFrame({
    ...route(from, to),
    tcp: {
      sourcePort: from.port,
      destinationPort: to.port,
      sequence: seq,
      acknowledgement: ack,
      flags: [...flags].reduce((sum, f) => sum | FLAGS[f as keyof typeof FLAGS], 0),
      window: 65_535,
    },
    payload: new TextEncoder().encode(text),
  });
}

export function udp(from: End, to: End): Uint8Array {
  const ports = { sourcePort: from.port, destinationPort: to.port };
  return emitUdpFrame({ ...route(from, to), udp: ports, payload: new Uint8Array(8) });
}

/** A port is unreachable: the error quotes the packet of a frame without tags. */
export function unreachable(from: End, to: End, about: Uint8Array): Uint8Array {
  const error = { type: ICMP_TYPE.destinationUnreachable, code: UNREACHABLE_CODE.port, rest: 0 };
  const payload = about.subarray(14, 14 + 28);
  return emitIcmpFrame({ ...route(from, to), icmp: { kind: "error", ...error, payload } });
}

export function arp(
  from: { readonly mac: string; readonly address: string },
  target: string,
  operation: number = ARP_OPERATION.request,
  destinationMac = "ff:ff:ff:ff:ff:ff",
): Uint8Array {
  return emitArpFrame({
    sourceMac: from.mac,
    destinationMac,
    arp: {
      operation,
      senderMac: from.mac,
      senderAddress: from.address,
      targetMac: "00:00:00:00:00:00",
      targetAddress: target,
    },
  });
}

/** Every kind of probe of a station, for somebody outside or for another target. */
export async function probesOf(
  { mac, address }: Place,
  canary: { readonly address: string; readonly port: number; readonly mac?: string },
): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  await runProbe(
    {
      kind: "probe",
      marker: "mutant",
      targets: {
        canary: { address: canary.address, port: canary.port },
        ...(canary.mac === undefined ? {} : { canaryMac: canary.mac }),
        gateway: GATEWAY.address,
        neighbours: STATIONS.map((station) => station.address),
      },
    },
    {
      ...new MemoryWorld().host("mutant", address),
      timers: { nowNs: () => 0n, sleep: async () => {}, after: () => () => {} },
      random: Random.from("mutant"),
      mac,
      gatewayMac: () => GATEWAY.mac,
      sendFrame: (bytes) => frames.push(bytes),
      report: () => {},
    },
  );
  return frames;
}

const OUTSIDE: End = { ...STRANGER, port: 9_000 };
const ends = (port: number): readonly End[] => [
  ...STATIONS.map(({ mac, address }) => ({ mac, address, port })),
  OUTSIDE,
];
/** An address that differs from the first station's in one bit, and one that differs in the last byte. */
const NEAR = ["10.20.0.130", "10.20.200.2"].map((address) => ({ ...STATIONS[0], address }));
const SERVERS: readonly End[] = [
  ...[SERVER, OTHER_SERVER, { ...SERVER, port: 81 }, { ...SERVER, port: 22 }],
  ...[
    { address: "203.0.113.6", port: 80 },
    { address: "203.0.200.7", port: 80 },
  ],
].map((server) => ({ mac: GATEWAY.mac, ...server }));

/** TCP between everybody and everybody else, begun, answered, gone on and ended, whoever is in the way. */
function conversation(from: number, a: End, back: number, b: End): Step[] {
  return [
    { from, bytes: tcp(a, b, "S", 100) },
    { from: back, bytes: tcp(b, a, "SA", 900, 101) },
    { from, bytes: tcp(a, b, "A", 101, 901) },
    { from, bytes: tcp(a, b, "PA", 101, 901, "GET /") },
    { from: back, bytes: tcp(b, a, "PA", 901, 106, "200 OK") },
    { from, bytes: tcp(a, b, "PA", 5_000_000, 901, "far out of the window") },
  ];
}

const portOf = ({ mac }: End, others: number) =>
  STATIONS.find((station) => station.mac === mac)?.port ?? others;

/** What was going on before the rules are put in. `others`: the port of whoever is no station. */
export function conversations(others: number): Step[] {
  const clients = ends(CLIENT_PORT);
  const targets = [...SERVERS, ...ends(80)];
  return [
    ...clients.map((end) => ({ from: portOf(end, others), bytes: arp(end, GATEWAY.address) })),
    { from: others, bytes: arp(GATEWAY, STATIONS[0].address) },
    ...clients.flatMap((a) =>
      targets
        .filter((b) => b.mac !== a.mac)
        .flatMap((b) => [
          ...conversation(portOf(a, others), a, portOf(b, others), b),
          // The other way round, too: as if the server had begun.
          ...conversation(portOf(b, others), { ...b, port: 90 }, portOf(a, others), a),
          { from: portOf(a, others), bytes: udp(a, b) },
        ]),
    ),
  ];
}

/** Single packets of everybody to everybody, through every port: spoofed, in mid-stream, of other protocols. */
export async function strayPackets(ports: readonly number[]): Promise<Step[]> {
  const frames: Uint8Array[] = [];
  const add = (a: End, b: End) => {
    const about = tcp(b, a, "S", 100);
    frames.push(
      ...["A", "PA", "SA", "R", "FA", "F", "S"].map((flags) => tcp(a, b, flags, 101, 901)),
      ...[udp(a, b), unreachable(a, b, about)],
    );
  };
  for (const a of [...ends(CLIENT_PORT), ...NEAR.map((end) => ({ ...end, port: CLIENT_PORT }))])
    for (const b of [...SERVERS, ...ends(80)])
      if (a.mac !== b.mac) {
        add(a, b);
        add(b, a);
      }
  for (const who of [...STATIONS, STRANGER])
    for (const target of [GATEWAY.address, "10.20.0.9", "10.20.0.0", STRANGER.address])
      frames.push(
        arp(who, target),
        arp(who, target, ARP_OPERATION.reply),
        arp(who, target, ARP_OPERATION.request, STATIONS[0].mac),
      );
  const [first, second] = STATIONS;
  for (const canary of [STRANGER, { ...first }, GATEWAY])
    frames.push(...(await probesOf(second, { port: 80, ...canary })));
  for (const canary of [
    { ...SERVER, mac: STRANGER.mac },
    { ...second, port: 80 },
  ])
    frames.push(...(await probesOf(first, canary)));
  return ports.flatMap((from) => frames.map((bytes) => ({ from, bytes })));
}

export const CONTROLLER = PORT.controller;
