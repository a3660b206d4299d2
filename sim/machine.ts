import type { Random } from "../src/base/random.ts";
import { sha256 } from "../src/base/sha256.ts";
import type { Effect, EffectKind, Guest, Volume } from "../src/host/guest.ts";
import type { ProgramEvent, ProgramHost } from "../src/host/host.ts";
import { type Program, runProgram } from "../src/program/program.ts";
import type { HostPlan } from "../src/run/plan.ts";
import { Host } from "./host/host.ts";
import type { Nic } from "./link/nic.ts";
import type { Scheduler } from "./scheduler.ts";

export interface MachineEvents {
  readonly onEvent: (event: ProgramEvent) => void;
  readonly onEffect: (effect: Effect) => void;
  /** A program threw what it should have handled: the run cannot be trusted any more. */
  readonly onCrash: (error: unknown) => void;
}

/**
 * A machine of the simulated cloud: an interface, a disk that may be attached or not, and power. What was in memory
 * (sockets, neighbours, running programs) is gone when the power goes; the volume stays.
 */
export class Machine implements Nic {
  readonly plan: HostPlan;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #events: MachineEvents;
  #host: Host | null = null;
  #volume: Volume | null;
  #boots = 0;
  #started = 0;
  #powerOffs: (() => void)[] = [];
  onSend: ((bytes: Uint8Array) => void) | null = null;

  constructor(plan: HostPlan, scheduler: Scheduler, random: Random, events: MachineEvents) {
    this.plan = plan;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#events = events;
    this.#volume = structuredClone(plan.volume);
  }

  get isOn(): boolean {
    return this.#host !== null;
  }

  get volume(): Volume | null {
    return this.#volume;
  }

  receive(bytes: Uint8Array): void {
    this.#host?.receive(bytes);
  }

  boot(): void {
    if (this.#host !== null) return;
    this.#boots++;
    const host = new Host({
      name: this.plan.name,
      mac: this.plan.mac,
      address: this.plan.address,
      prefixLength: this.plan.prefixLength,
      ...(this.plan.gateway === null ? {} : { gateway: this.plan.gateway }),
      scheduler: this.#scheduler,
      random: this.#random.fork(`boot-${this.#boots}`),
    });
    host.onSend = (bytes) => this.onSend?.(bytes);
    this.#host = host;
  }

  /** The power goes: programs, sockets and timers of this machine vanish at once. */
  powerOff(): void {
    this.#host?.halt();
    this.#host = null;
    const ended = this.#powerOffs;
    this.#powerOffs = [];
    for (const end of ended) end();
  }

  /** Take the disk out. Only a machine that is off gives it away: a boot volume is never hot-detached. */
  detach(): Volume {
    if (this.#host !== null) throw new Error(`${this.plan.name} is on: its volume cannot be taken`);
    if (this.#volume === null) throw new Error(`${this.plan.name} has no volume`);
    const volume = this.#volume;
    this.#volume = null;
    return volume;
  }

  attach(volume: Volume): void {
    if (this.#volume !== null) throw new Error(`${this.plan.name} has a volume already`);
    this.#volume = volume;
  }

  /** Resolves when the program has ended or the power has gone. */
  start(program: Program): Promise<"ended" | "powered-off"> {
    const host = this.#host;
    if (host === null) return Promise.resolve("powered-off");
    const { promise, resolve } = Promise.withResolvers<"ended" | "powered-off">();
    this.#powerOffs.push(() => resolve("powered-off"));
    runProgram(program, this.#programHost(host, program)).then(
      () => resolve("ended"),
      (error: unknown) => this.#events.onCrash(error),
    );
    return promise;
  }

  #programHost(host: Host, program: Program): ProgramHost {
    const label = `program-${++this.#started}-${program.kind}`;
    return {
      name: this.plan.name,
      network: host.network,
      timers: host.timers,
      random: this.#random.fork(label),
      guest: this.#guest(),
      mac: this.plan.mac,
      gatewayMac: () => host.gatewayMac(),
      sendFrame: (bytes) => host.sendFrame(bytes),
      report: this.#events.onEvent,
    };
  }

  #guest(): Guest | null {
    const volume = this.#volume;
    if (volume === null) return null;
    return {
      volume,
      manifest: (kind: EffectKind, detail: string) =>
        this.#events.onEffect({
          kind,
          detail,
          timeNs: this.#scheduler.nowNs(),
          network: this.plan.bridge,
        }),
      powerOff: () => this.powerOff(),
    };
  }
}

/** SHA-256 of a volume's content. */
export function hashVolume(volume: Volume): string {
  return sha256(JSON.stringify([volume.botId, volume.homepage, volume.cookies]));
}
