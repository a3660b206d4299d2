import type { Cast } from "./cast.ts";
import { Containment, type ContainmentOptions } from "./containment.ts";
import type { RunningLab } from "./lab.ts";
import type { Parts } from "./parts.ts";
import { UplinkTally } from "./tally.ts";

/** A lab without the loop: the rules of both networks are in force, the servers serve, and nobody else does anything. */
export async function standUp(
  lab: RunningLab,
  cast: Cast,
  parts: Parts,
  options: ContainmentOptions,
): Promise<void> {
  await new Containment(lab, cast, parts, options, new UplinkTally()).close();
  for (const { host, program } of cast.servers) void lab.start(host, program);
}
