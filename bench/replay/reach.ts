import { CLIENT, type Place, PROXY, RESPONDER } from "./places.ts";
import type { Stage } from "./stage.ts";

/** What a specimen in the client's place can get at. */
export interface Reach {
  readonly sockets: number;
  readonly processes: number;
}

interface Listening {
  readonly port: number;
  readonly pids: readonly number[];
}

/** Connects to every target, tells of it, and holds what it got until its input ends. */
const CONNECT = `
import json, socket, sys
held = []
for address, port in json.loads(sys.argv[1]):
    try:
        held.append(socket.create_connection((address, port), timeout=0.5))
    except OSError:
        pass
print(len(held), flush=True)
sys.stdin.read()
`;

/**
 * The listening sockets, and the processes behind them, in which connections from the client really end: it calls everything
 * that listens anywhere behind the switch, at its own address and as the path is meant to be called, and then `ss` tells in
 * each namespace whom it got. Datagram sockets are counted where they are, because nothing tells whether a frame reaches them.
 */
export async function reach(
  stage: Stage,
  to: { readonly address: string; readonly port: number },
): Promise<Reach> {
  const places = [RESPONDER, PROXY];
  const listening = await Promise.all(places.map((place) => listeners(stage, place)));
  const targets = [
    [to.address, to.port],
    ...places.flatMap(({ address }, i) => listening[i]!.map(({ port }) => [address, port])),
  ];
  const caller = await stage.start(CLIENT, [
    "/usr/bin/python3",
    ...["-c", CONNECT, JSON.stringify(targets)],
  ]);
  await new Promise((resolve) => {
    caller.stdout.once("data", resolve).once("end", resolve);
  });
  const pids = new Set<number>();
  let sockets = 0;
  for (const [i, place] of places.entries()) {
    const reached = await portsReached(stage, place);
    for (const listener of listening[i]!.filter(({ port }) => reached.has(port))) {
      sockets++;
      for (const pid of listener.pids) pids.add(pid);
    }
  }
  caller.stdin.end();
  await caller.ended;
  return { sockets, processes: pids.size };
}

async function listeners(stage: Stage, place: Place): Promise<Listening[]> {
  return parseListening(await stage.run(place, ["ss", "-Hlntup"]));
}

/** Lines of `ss -Hlntup`. */
export function parseListening(text: string): Listening[] {
  return lines(text).map((fields) => ({
    port: portOf(fields[4]),
    pids: [
      ...fields
        .slice(6)
        .join(" ")
        .matchAll(/pid=(\d+)/g),
    ].map(([, pid]) => Number(pid)),
  }));
}

/** The local ports at which the client has a connection. */
async function portsReached(stage: Stage, place: Place): Promise<Set<number>> {
  const query = ["-Hnt", "state", "established", "dst", CLIENT.address];
  const text = await stage.run(place, ["ss", ...query]);
  // With a state asked for, ss leaves the column of states out.
  return new Set(lines(text).map((fields) => portOf(fields[2])));
}

function lines(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.trim().split(/\s+/));
}

function portOf(endpoint = ""): number {
  return Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
}
