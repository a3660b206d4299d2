import { Random } from "../../src/base/random.ts";
import type { IsolationNetwork } from "../../src/isolate/isolation-rules.ts";
import { PROBE_KINDS, type ProbeKindName, probeFrames } from "../../src/program/probe.ts";
import type { ProbeContext } from "../../src/program/probe-context.ts";
import { macOf } from "../../src/run/addresses.ts";
import { BROADCAST_MAC } from "../../src/wire/mac.ts";

/** An isolated guest, its neighbour, and the place of a way out, on the bridge `isolation`. */
const at = (port: number, address: string) => ({
  port,
  address,
  mac: macOf("isolation", port),
});
export const OUTLET = at(2, "10.20.0.9");
export const GUEST = at(10, "10.20.0.10");
export const NEIGHBOUR = at(11, "10.20.0.11");
export const GATEWAY = at(1, "10.20.0.1");
const RECORDED_SERVER = { address: "203.0.113.10", port: 80 };
/** Two isolated guests, each with its own recorded server to talk to. */
export const ISOLATION: IsolationNetwork = {
  gatewayMac: GATEWAY.mac,
  gatewayAddress: GATEWAY.address,
  stations: [GUEST, NEIGHBOUR].map((station) => ({ ...station, servers: [RECORDED_SERVER] })),
};
const CANARY = { address: "203.0.113.250", port: 7001 };

/** Ethernet's largest frame without its check sequence; a tagged one may be longer. */
const FRAME_BYTES_MAX = 1514;
/** Of a kind whose mark stands where a header should be nothing may be appended. */
const FIXED_LENGTH = new Set<ProbeKindName>(["runt", "odd-length"]);

export interface Variant {
  readonly kind: ProbeKindName;
  readonly frame: Uint8Array;
}

/**
 * Probes without end: every kind in turn, each time with other addresses, ports, next hops and lengths, drawn from the seed.
 * The same seed and marker give the same bytes.
 */
export function* variants(seed: number, marker: string): Generator<Variant> {
  const root = Random.from(`${seed}/${marker}`);
  for (let turn = 0; ; turn++) {
    const random = root.fork(String(turn));
    const context = contextOf(random);
    for (const { kind } of PROBE_KINDS)
      for (const frame of probeFrames(kind, marker, context))
        yield { kind, frame: FIXED_LENGTH.has(kind) ? frame : lengthened(frame, random) };
  }
}

function contextOf(random: Random): ProbeContext {
  const anywhere = {
    address: [random.int(1, 223), ...random.bytes(3)].join("."),
    port: random.int(1, 65_535),
  };
  return {
    mac: GUEST.mac,
    address: GUEST.address,
    nextHopMac: pick(random, [GATEWAY.mac, NEIGHBOUR.mac, OUTLET.mac, BROADCAST_MAC]),
    canary: pick(random, [CANARY, { ...CANARY, port: anywhere.port }, RECORDED_SERVER, anywhere]),
    canaryMac: pick(random, [null, OUTLET.mac, NEIGHBOUR.mac]),
    gateway: pick(random, [GATEWAY.address, OUTLET.address]),
    neighbours: [NEIGHBOUR.address, OUTLET.address],
    random,
  };
}

/** With bytes behind its end, as Ethernet allows. */
function lengthened(frame: Uint8Array, random: Random): Uint8Array {
  const room = FRAME_BYTES_MAX - frame.length;
  if (room <= 0 || random.chance(0.5)) return frame;
  const longer = new Uint8Array(frame.length + random.int(1, room));
  longer.set(frame);
  return longer;
}

function pick<T>(random: Random, list: readonly T[]): T {
  const one = list[random.int(0, list.length - 1)];
  if (one === undefined) throw new RangeError("nothing to pick from");
  return one;
}
