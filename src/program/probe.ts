import type { ProgramHost } from "../host/host.ts";
import { BROADCAST_MAC } from "../wire/mac.ts";
import {
  inSubnet,
  type ProbeBuilder,
  type ProbeContext,
  type ProbeTargets,
} from "./probe-context.ts";
import { IP_PROBES } from "./probe-ip.ts";
import { PROBE_KINDS, type ProbeKindName } from "./probe-kinds.ts";
import { LINK_PROBES } from "./probe-link.ts";
import { probeMark } from "./probe-mark.ts";
import { TCP_PROBES } from "./probe-tcp.ts";
import { UDP_PROBES } from "./probe-udp.ts";

export type { ProbeTargets } from "./probe-context.ts";
export { PROBE_KINDS, type ProbeKindName } from "./probe-kinds.ts";
export { markerTag, recogniseProbe } from "./probe-mark.ts";

/** Sends every kind of probe once, as raw frames, and ends. */
export interface ProbeProgram {
  readonly kind: "probe";
  /** Tells the probes of this program from those of others; `markerTag` of it is in each frame. */
  readonly marker: string;
  readonly targets: ProbeTargets;
}

/** Between two frames: a queue of a hundred must not overflow, for a lost probe would prove nothing. */
const GAP_MS = 2;

const BUILDERS: Readonly<Record<ProbeKindName, ProbeBuilder>> = {
  ...LINK_PROBES,
  ...IP_PROBES,
  ...UDP_PROBES,
  ...TCP_PROBES,
  metadata: (context, mark) => [
    ...TCP_PROBES.metadata(context, mark),
    ...UDP_PROBES.metadata(context, mark),
  ],
};

/** The frames of one kind. The same context's random stream and marker give the same bytes. */
export function probeFrames(
  kind: ProbeKindName,
  marker: string,
  context: ProbeContext,
): Uint8Array[] {
  const own = { ...context, random: context.random.fork(kind) };
  return BUILDERS[kind](own, probeMark(kind, marker));
}

/** Reports `probe.sent` with the number of frames for each kind. */
export async function runProbe(program: ProbeProgram, host: ProgramHost): Promise<void> {
  const { marker, targets } = program;
  const { address } = host.network;
  const gateway = targets.gateway ?? inSubnet(address, 1);
  const context: ProbeContext = {
    mac: host.mac,
    address,
    // Without a known next hop every frame goes to everybody, which is the more likely way out anyhow.
    nextHopMac: host.gatewayMac() ?? BROADCAST_MAC,
    canary: targets.canary,
    canaryMac: targets.canaryMac ?? null,
    gateway,
    neighbours: targets.neighbours ?? [inSubnet(address, 254)],
    random: host.random.fork(`probe/${marker}`),
  };
  for (const { kind } of PROBE_KINDS) {
    const frames = probeFrames(kind, marker, context);
    for (const frame of frames) {
      host.sendFrame(frame);
      await host.timers.sleep(GAP_MS);
    }
    host.report({ kind: "probe.sent", probe: kind, frames: frames.length });
  }
}
