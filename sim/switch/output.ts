import type { DropReason, PacketInReason } from "./operation.ts";

/** A frame that leaves the switch. */
export interface Output {
  readonly port: number | "LOCAL" | "CONTROLLER";
  readonly bytes: Uint8Array;
  /** `CONTROLLER` only. */
  readonly packetIn?: PacketIn;
}

/** What the controller is told of a packet. */
export interface PacketIn {
  readonly reason: PacketInReason;
  readonly table: number;
  /** Bytes that the rule's action adds for the controller. */
  readonly userdata?: readonly number[];
  /** Of the rule that sent it; `null`: no rule did. */
  readonly cookie: bigint | null;
  /** The packet's whole length; the controller may get less. */
  readonly totalBytes: number;
  /** The flow key with the port, registers and conntrack fields as they were then. */
  readonly key: Int32Array;
}

export interface SwitchCounters {
  received: number;
  outputs: number;
  /** Packets that came in through a port that the bridge does not have. */
  fromAbsentPort: number;
  toAbsentPort: number;
  /** Frames without a whole Ethernet header, which are dropped. */
  runts: number;
  /** Rules that `learn` could not add, because there were too many. */
  learnRefused: number;
  /** Walks through the tables, and how many of them the cache spared. */
  walks: number;
  cached: number;
  readonly dropped: Record<DropReason, number>;
}

export function zeroCounters(): SwitchCounters {
  return {
    received: 0,
    outputs: 0,
    fromAbsentPort: 0,
    toAbsentPort: 0,
    runts: 0,
    learnRefused: 0,
    walks: 0,
    cached: 0,
    dropped: { miss: 0, resubmit_depth: 0, resubmit_count: 0, stack: 0, recirculation: 0 },
  };
}
