import { LabUnavailableError } from "../base/errors.ts";
import { natDoors } from "../isolate/nat-rules.ts";
import { Tape } from "../replay/tape.ts";
import { waitUntil } from "../run/lab.ts";
import type { ReplayWay } from "../run/way.ts";
import { AnswerTally } from "./answer-tally.ts";
import { natWay, withResponder } from "./nat.ts";

/** Real time within which a proxy takes connections. It is a large program, and the machine may be busy. */
const READY_MS_MAX = 60_000;

/**
 * The baseline: the switch redirects the guest's TCP to a proxy in a namespace of its own, as in Graziano, Leita and
 * Balzarotti, "Towards Network Containment in Malware Analysis Systems" (ACSAC 2012). The redirection is the NAT way's;
 * what answers is a well-kept proxy, one for each server of a guest. It has no upstream and no way out.
 */
export const proxyWay: ReplayWay = {
  name: "proxy",
  // A proxy needs real sockets.
  labs: ["mininet"],
  rules: natWay.rules,
  egress: natWay.egress,
  doors: (network) => natDoors(withResponder(network)),
  serve: ({ lab, guest, responder, servers, recorded, miss }) => {
    const tally = new AnswerTally(guest);
    const tape = Tape.record(recorded).format();
    const awaited = new Set<unknown>(servers.map(({ playedAt }) => playedAt));
    return {
      account: () => tally.account(),
      event: (event) => {
        tally.event(event);
        if (event.kind === "replay.listening") awaited.delete(event.port);
      },
      begin: async () => {
        for (const { playedAt, ...server } of servers) {
          const program = { kind: "proxy", port: playedAt, guest, server, tape, miss } as const;
          if (responder !== null) void lab.start(responder, program);
        }
        const deadlineMs = READY_MS_MAX * lab.pace.speed;
        if (await waitUntil(lab.timers, () => awaited.size === 0, deadlineMs)) return;
        throw new LabUnavailableError(`the proxy takes no connections after ${READY_MS_MAX} ms`, {
          where: responder ?? "isolation",
        });
      },
    };
  },
};
