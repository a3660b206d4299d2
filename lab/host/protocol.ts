import type { Effect } from "../../src/host/guest.ts";
import type { ProgramEvent } from "../../src/host/host.ts";
import type { Program } from "../../src/program/program.ts";
import type { Delays } from "./lateness.ts";

/** What an agent needs to know of its host: its one argument, as JSON. */
export interface AgentConfig {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
  readonly gateway: string | null;
  readonly interface: string;
  /** The bridge that the host is plugged into. */
  readonly network: string;
  /** Where the volume is mounted; null for hosts without one. */
  readonly volume: string | null;
  /** Seeds the programs' randomness, together with their labels. */
  readonly seed: string;
  /** Where its programs may keep files; gone with the lab. */
  readonly folder: string;
  /** `LabEpoch`, the nanoseconds as text. */
  readonly epoch: { readonly monotonicNs: string; readonly speed: number };
}

/** Lines for an agent. The end of its input is the loss of power. */
export type AgentCommand = {
  readonly op: "start";
  readonly id: number;
  readonly label: string;
  readonly program: Program;
};

/** Lines from an agent. Times are nanoseconds of the lab's time, as text. */
export type AgentReport =
  | { readonly op: "up" }
  | { readonly op: "event"; readonly timeNs: string; readonly event: ProgramEvent }
  | { readonly op: "effect"; readonly effect: Omit<Effect, "timeNs"> & { readonly timeNs: string } }
  /** The program has begun: what it listens on is open. */
  | { readonly op: "started"; readonly id: number }
  | { readonly op: "ended"; readonly id: number }
  /** How late the host was so far. */
  | ({ readonly op: "late" } & Delays)
  /** The guest switched itself off; the agent ends. */
  | { readonly op: "off" }
  /** A program threw what it should have handled; the agent ends. */
  | { readonly op: "crash"; readonly message: string };
