import { type NatNetwork, natDoors, natEgress, natRules } from "../isolate/nat-rules.ts";
import { Tape } from "../replay/tape.ts";
import type { ReplayNetwork, ReplayWay } from "../run/way.ts";
import { AnswerTally } from "./answer-tally.ts";

/**
 * Destination NAT by conntrack to a responder in a namespace of its own, which answers over sockets from the same tape
 * as the packet-level replayer.
 */
export const natWay: ReplayWay = {
  name: "nat",
  labs: ["sim", "mininet"],
  rules: (network) => natRules(withResponder(network)),
  egress: (network) => natEgress(withResponder(network)),
  doors: (network) => natDoors(withResponder(network)),
  serve: ({ lab, guest, responder, servers, recorded, miss }) => {
    const tally = new AnswerTally(guest);
    const tape = Tape.record(recorded).format();
    const program = { kind: "replay-server", guest, servers, tape, miss } as const;
    return {
      account: () => tally.account(),
      event: (event) => tally.event(event),
      // It runs until the lab is taken down. Programs begin one after the other: it listens before the guest calls.
      begin: async () => {
        if (responder !== null) void lab.start(responder, program);
      },
    };
  },
};

/** The network with the host that answers. Throws RangeError where the plan has none. */
export function withResponder({ responder, ...network }: ReplayNetwork): NatNetwork {
  if (responder === null) throw new RangeError("isolation has no responder");
  return { ...network, responder };
}
