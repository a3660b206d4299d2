import type { PacketPort } from "../base/packet-port.ts";
import type { ProgramEvent } from "../host/host.ts";
import type { Transaction } from "../http/transaction.ts";
import type { PlayedServer, PlayedStation, Station } from "../isolate/station.ts";
import type { Way } from "../scenario/way.ts";
import type { LabKind, RunningLab } from "./lab.ts";

/** What a replayer says when it is asked: who got what, and where the bytes came from. */
export interface ReplayAccount {
  /** Requests answered, from the tape or by the miss policy. */
  readonly answers: number;
  readonly misses: number;
  readonly bytes: {
    readonly recorded: number;
    readonly substituted: number;
    readonly refused: number;
  };
}

/** A replayer that serves one isolated guest. */
export interface Replayer {
  account(): ReplayAccount;
  /** Start what answers, where it is a program. Resolves when the guest would be answered. */
  begin?(): Promise<void>;
  /** Something that a program on the way's host reported; it may be of another guest. */
  event?(event: ProgramEvent): void;
}

/** `isolation` as the rules of a way have to know it. */
export interface ReplayNetwork {
  /** What the isolated guests take for their gateway. It exists only as an answer to ARP. */
  readonly gatewayMac: string;
  readonly gatewayAddress: string;
  readonly stations: readonly PlayedStation[];
  /** The host that answers; null for a way without one. */
  readonly responder: Station | null;
}

/** One guest to be served. */
export interface ReplayRequest {
  readonly lab: RunningLab;
  /** The isolated instance's name. */
  readonly guest: string;
  /** The guest's part of the bridge's CONTROLLER port. */
  readonly port: PacketPort;
  /** The name of the host that answers; null for a way without one. */
  readonly responder: string | null;
  readonly servers: readonly PlayedServer[];
  readonly recorded: readonly Transaction[];
  readonly miss: "close" | "empty-200";
  readonly seed: string;
}

/** By ingress port and by the port that a frame leaves through only translated, what it is then: any of these matches. */
export type Doors = ReadonlyMap<number, ReadonlyMap<number, readonly string[]>>;

/**
 * A way in which recorded answers are given: the rules that let a guest reach them, what these rules may let out, and what
 * runs where. The loop and the labs ask it; nothing else differs between the ways.
 */
export interface ReplayWay {
  readonly name: Way;
  /** Labs that can do it. */
  readonly labs: readonly LabKind[];
  /** The rules of `isolation`, in ovs-ofctl's words. */
  rules(network: ReplayNetwork): string;
  /** By ingress port of `isolation`, where what comes in there may leave. */
  egress(network: ReplayNetwork): ReadonlyMap<number, ReadonlySet<number>>;
  /** Of these, the ports that a frame may leave through only translated, with matches in ovs-ofctl's words. */
  doors?(network: ReplayNetwork): Doors;
  /** Serve one guest. */
  serve(request: ReplayRequest): Replayer;
}
