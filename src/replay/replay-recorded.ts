import type { PacketPort } from "../base/packet-port.ts";
import { Random } from "../base/random.ts";
import type { Transaction } from "../http/transaction.ts";
import type { MissPolicy } from "./miss.ts";
import { PacketReplayer } from "./packet-replayer.ts";
import { Tape } from "./tape.ts";

export interface ReplayOptions {
  readonly miss: MissPolicy;
  /** The same seed gives the same initial sequence numbers. */
  readonly seed: string;
}

/** Serve the recorded answers of one client's servers through this port, from now on until `stop`. */
export function replayRecorded(
  port: PacketPort,
  recorded: readonly Transaction[],
  options: ReplayOptions,
): PacketReplayer {
  return new PacketReplayer(port, Tape.record(recorded), {
    miss: options.miss,
    random: Random.from(options.seed).fork("replayer"),
  });
}
