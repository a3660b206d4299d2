import test from "ava";
import { CLIENT_PORT, type End, tcp, udp } from "./frames.ts";
import { playing } from "./nat-frames.ts";
import { CLAUSE_NAMES, natOracle } from "./nat-oracle.ts";
import { GATEWAY, OTHER_SERVER, OUTLET, PLAYED, RESPONDER, SERVER, STATIONS } from "./rule-sets.ts";

const [, second] = STATIONS;
const [own, other] = PLAYED[1]?.servers ?? [];
if (own === undefined || other === undefined) throw new RangeError("two servers");
const me: End = { mac: second.mac, address: second.address, port: CLIENT_PORT };
const server: End = { ...SERVER, mac: GATEWAY.mac };
const host = playing(own.playedAt);
const behind: End = { ...me, mac: GATEWAY.mac };

interface Case {
  readonly what: string;
  readonly from: number;
  readonly came: Uint8Array;
  readonly to: number;
  readonly left: Uint8Array;
  /** The guest has begun this connection before. */
  readonly isBegun?: boolean;
}

const forth = (
  flags: string,
  a = me,
  to: End = server,
  as: End = host,
  text = "",
): Omit<Case, "what"> => ({
  from: second.port,
  came: tcp(a, to, flags, 5, 7),
  to: RESPONDER.port,
  left: tcp(a, as, flags, 5, 7, text),
});
const back = (flags: string, as: End = server, from: End = host): Omit<Case, "what"> => ({
  from: RESPONDER.port,
  came: tcp(from, behind, flags, 5, 7),
  to: second.port,
  left: tcp(as, me, flags, 5, 7),
});

const MAY_PASS: readonly Case[] = [
  { what: "the beginning of a connection", ...forth("S") },
  { what: "the rest of it", ...forth("PA"), isBegun: true },
  { what: "a SYN+ACK of the guest within its connection", ...forth("SA"), isBegun: true },
  { what: "what conntrack picks up in mid-stream", ...forth("PA") },
  { what: "an answer", ...back("SA"), isBegun: true },
  { what: "a SYN of the responder within the guest's connection", ...back("S"), isBegun: true },
  {
    what: "a connection that is given another port behind the translation",
    ...forth("S"),
    left: tcp({ ...me, port: 1_234 }, host, "S", 5, 7),
  },
  { what: "what goes back to whom it came from", ...forth("S"), to: second.port },
];

const GETS_OUT: readonly Case[] = [
  { what: "what is not translated", ...forth("S", me, server, server) },
  {
    what: "what is translated to the responder's other port",
    ...forth("S", me, server, playing(22)),
  },
  { what: "a server's, played as another one", ...forth("S", me, server, playing(other.playedAt)) },
  { what: "what went to the responder itself", ...forth("S", me, host), isBegun: true },
  {
    what: "what went to a server that nobody recorded",
    ...forth("S", me, { ...server, port: 81 }),
  },
  { what: "another guest's server and port", ...forth("S", me, server, playing(8001)) },
  { what: "what comes in another one's name", ...forth("S", { ...me, address: "10.20.0.2" }) },
  {
    what: "what leaves in another one's name",
    ...forth("S"),
    left: tcp({ ...me, address: "10.20.0.130" }, host, "S", 5, 7),
  },
  { what: "what was changed on the way", ...forth("PA", me, server, host, "more"), isBegun: true },
  ...["SA", "F", ""].map((flags) => ({
    what: `a segment that begins nothing: flags "${flags}"`,
    ...forth(flags),
  })),
  ...["A", "PA", "SA", "R"].map((flags) => ({
    what: `${flags} of the responder to nobody's question`,
    ...back(flags),
  })),
  { what: "a connection of the responder's", ...back("S") },
  { what: "an answer in its own name", ...back("SA", host), isBegun: true },
  {
    what: "an answer in another server's name",
    ...back("SA", { ...OTHER_SERVER, mac: GATEWAY.mac }),
    isBegun: true,
  },
  { what: "an answer from elsewhere", ...back("SA", server, playing(22)), isBegun: true },
  { what: "an answer to the neighbour", ...back("SA"), to: STATIONS[0].port, isBegun: true },
  { what: "a datagram", ...forth("S"), came: udp(me, server), left: udp(me, host) },
  { what: "what leaves through another port", ...forth("S"), to: OUTLET },
  { what: "what came in through another port", ...forth("S"), from: OUTLET },
  { what: "what goes from guest to guest", ...forth("S"), to: STATIONS[0].port },
];

function passes({ from, came, to, left, isBegun }: Case, watch = natOracle()): boolean {
  if (isBegun === true) watch(second.port, tcp(me, server, "S", 1), []);
  return watch(from, came, [{ port: to, bytes: left }]) === null;
}

for (const one of MAY_PASS) test(`may pass: ${one.what}`, (t) => t.true(passes(one)));
for (const one of GETS_OUT) test(`got out: ${one.what}`, (t) => t.false(passes(one)));

for (const name of CLAUSE_NAMES)
  test(`the eye needs its clause "${name}"`, (t) => {
    t.true(GETS_OUT.some((one) => passes(one, natOracle(name))));
  });
