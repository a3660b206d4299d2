import type { Timers } from "../base/clock.ts";
import type { Endpoint, Network } from "../base/net.ts";
import type { Random } from "../base/random.ts";
import type { Guest } from "./guest.ts";

/** What a lab gives to a program that runs on one of its hosts. */
export interface ProgramHost {
  readonly name: string;
  readonly network: Network;
  readonly timers: Timers;
  readonly random: Random;
  /** The virtual guest, where the host is an instance of the cloud. */
  readonly guest: Guest | null;
  /** The interface's MAC address and the next hop's (null where there is none), for programs that build frames. */
  readonly mac: string;
  readonly gatewayMac: () => string | null;
  /** Send a frame as it is. */
  sendFrame(bytes: Uint8Array): void;
  /** Tell the run what happened; goes into events.jsonl with the virtual time. */
  report(event: ProgramEvent): void;
  /**
   * Run a redirecting proxy on this host until the host is off. Only where a host has real sockets. Reports
   * `replay.listening` when it takes connections, and `replay.answer` for each answer.
   */
  readonly runProxy?: (spec: ProxySpec) => Promise<void>;
}

/** A proxy that answers one guest as one recorded server, and knows no other. */
export interface ProxySpec {
  readonly port: number;
  /** The guest's name, for the reports. */
  readonly guest: string;
  readonly server: Endpoint;
  /** The recorded conversation: a tape's JSON text. */
  readonly tape: string;
  readonly miss: "close" | "empty-200";
}

export interface ProgramEvent {
  readonly kind: string;
  readonly [key: string]: string | number | boolean | null;
}
