import { Random } from "../base/random.ts";
import { isolationEgress, isolationRules } from "../isolate/isolation-rules.ts";
import { PacketReplayer } from "../replay/packet-replayer.ts";
import { Tape } from "../replay/tape.ts";
import type { ReplayWay } from "../run/way.ts";

/**
 * The analysis side answers as the recorded server, packet by packet, through the bridge's CONTROLLER port. No host, no
 * NAT, nothing that listens: all of it was in Open vSwitch 2.5.
 */
export const packetWay: ReplayWay = {
  name: "packet",
  labs: ["sim", "mininet", "devstack"],
  rules: isolationRules,
  egress: isolationEgress,
  serve: ({ port, recorded, miss, seed }) =>
    new PacketReplayer(port, Tape.record(recorded), { miss, random: Random.from(seed) }),
};
