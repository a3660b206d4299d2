import type { Timers } from "../base/clock.ts";
import type { PacketPort } from "../base/packet-port.ts";
import type { Effect } from "../host/guest.ts";
import type { ProgramEvent } from "../host/host.ts";
import type { Program } from "../program/program.ts";
import type { Frame } from "../wire/frame.ts";
import type { Lateness } from "./lateness.ts";
import type { BridgeName, Plan, TapName } from "./plan.ts";

export type LabKind = "sim" | "mininet" | "devstack";

/** What a lab shows while it runs. Called in the order of the lab's time; the callbacks return at once. */
export interface Watch {
  /** A frame passed a tapped link. `towards` tells the direction: "bridge" or "device". */
  frame(tap: TapName, frame: Frame, towards: "bridge" | "device"): void;
  /** A program reported something. */
  event(host: string, timeNs: bigint, event: ProgramEvent): void;
  /** A behaviour manifested in a guest. */
  effect(host: string, effect: Effect): void;
}

export type MoveMethod = "volume-move" | "migration";

export interface MoveRequest {
  /** The instance on `private`, and the one on `isolation` that gets its volume. */
  readonly instance: string;
  readonly target: string;
  readonly method: MoveMethod;
  /** What will be started on the target: a guest of a cloud learns that when it boots. */
  readonly programs: readonly Program[];
}

export interface MoveRecord {
  readonly method: MoveMethod;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** SHA-256 of the volume's content before and after. */
  readonly hashBefore: string;
  readonly hashAfter: string;
  /** A boot volume is detached only from a stopped instance: what was in memory is gone. */
  readonly memoryLost: true;
  readonly steps: readonly string[];
}

/** How the lab's time relates to the network's. */
export interface Pace {
  /** Lab seconds that pass in one second of the network; 1 in the simulator. */
  readonly speed: number;
  /** What was on its way has arrived after so many milliseconds of the lab's time. */
  readonly settleMs: number;
}

/**
 * A lab that is up. The same seam for the simulator, Mininet and OpenStack: everything else of the loop is the same
 * code on all of them.
 */
export interface RunningLab {
  readonly timers: Timers;
  readonly pace: Pace;
  /** The tap that the live analysis reads. */
  readonly sensor: "uplink" | "mirror";
  /** Take the live analysis's tap out of the switch, where it is in one. */
  endSensor(): Promise<void>;
  /** What copies frames of a bridge elsewhere, whatever its rules say: the names of the settings that do it. */
  copies(bridge: BridgeName): Promise<readonly string[]>;
  /**
   * Start a program on a host. Resolves when it has ended, or when its host was powered off or moved under it:
   * whichever it was, nothing more comes of it.
   */
  start(host: string, program: Program): Promise<"ended" | "powered-off">;
  /** Replace a bridge's whole rule set (ovs-ofctl text) in one atomic change, and forget what conntrack knows of `flush`. */
  setRules(bridge: BridgeName, rules: string, flush?: readonly string[]): Promise<void>;
  /** Move an instance's volume to an instance on `isolation`; both are powered off while it lasts, the target is booted. */
  move(request: MoveRequest): Promise<MoveRecord>;
  /** The bridge's CONTROLLER port: the analysis side's, over OpenFlow where the switch is a real one. */
  controller(bridge: BridgeName): PacketPort;
  /** The rules of a bridge as the switch itself lists them, hidden ones included. */
  rules(bridge: BridgeName): Promise<string>;
  /** Resolves when what was on its way has arrived and was shown to the watch. */
  settle(): Promise<void>;
  /**
   * Up to which time of the lab everything that passed a tap was shown to the watch. A real lab gets to know anew each time
   * that it is asked, and says so the next time.
   */
  shownUntilNs(): bigint;
  /** How late those that take part were so far; null where time is virtual: there nobody is ever late. */
  lateness(): readonly Lateness[] | null;
  /**
   * Numbers for the report, for instance packets switched. `framesMissed`: frames that passed a tap and could not be shown to
   * the watch.
   */
  counts(): Promise<Readonly<Record<string, number>>>;
}

export interface Lab {
  readonly kind: LabKind;
  /** Build what the plan names, run `experiment` in the lab's time, and take everything down whatever happens. */
  run<T>(plan: Plan, watch: Watch, experiment: (lab: RunningLab) => Promise<T>): Promise<T>;
}

/**
 * Wait for a named condition. True when it came to hold, false when the deadline passed first.
 * Polled in the lab's time, so that simulator and real labs share it.
 */
export async function waitUntil(
  timers: Timers,
  condition: () => boolean,
  deadlineMs: number,
  pollMs = 250,
): Promise<boolean> {
  const endNs = timers.nowNs() + BigInt(Math.round(deadlineMs * 1e6));
  while (!condition()) {
    if (timers.nowNs() >= endNs) return false;
    await timers.sleep(pollMs);
  }
  return true;
}
