import { isDeepStrictEqual } from "node:util";
import type { Timers } from "../../src/base/clock.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import type { Volume } from "../../src/host/guest.ts";
import type { Program } from "../../src/program/program.ts";
import type { HostPlan } from "../../src/run/plan.ts";
import type { HostEvents } from "../host/guarded-watch.ts";
import { isAbsent } from "./cloud-error.ts";
import { GuestConsole } from "./console.ts";
import { type GuestReport, type GuestStart, userData } from "./guest/protocol.ts";
import { releaseVolume, requireFree } from "./move.ts";
import type { Resources } from "./resources.ts";
import { serverGone, serverIs } from "./states.ts";
import { waitFor } from "./wait.ts";

/** Programs that are started within this time of each other are told to the guest together. */
const TOGETHER_MS = 100;
/** Without virtualisation a guest takes its time, on a busy machine a long one. */
const UP_MS_MAX = 300_000;

type End = "ended" | "powered-off";

export interface GuestServerOptions {
  readonly plan: HostPlan;
  readonly resources: Resources;
  readonly flavor: string;
  /** Its port in Neutron, and the most that passes there at once. */
  readonly port: string;
  readonly mtu: number;
  readonly timers: Timers;
  readonly speed: number;
  readonly seed: string;
  readonly events: HostEvents;
  /** Its interface is there: rules and taps may come. Called again with false when it has gone. */
  readonly onPlugged: (isPlugged: boolean) => Promise<void>;
}

/** What a start of a program waits for. */
interface Running extends GuestStart {
  isTaken: boolean;
  readonly end: Promise<End>;
  readonly resolve: (end: End) => void;
}

/** An instance of the plan as a server of the cloud. Its guest learns what to run when it boots, and never by its network. */
export class GuestServer {
  readonly plan: HostPlan;
  /** The volume that it boots from; null for one that has none (yet). */
  volume: string | null = null;
  /** SHA-256 of the guest's state on its disk, as the guest told it last. */
  stateHash: string | null = null;
  readonly #options: GuestServerOptions;
  #server: string | null = null;
  #console: GuestConsole | null = null;
  #running: Running[] = [];
  #waiting: Running[] | null = null;
  #up = Promise.withResolvers<void>();
  #boots = 0;

  constructor(options: GuestServerOptions) {
    this.#options = options;
    this.plan = options.plan;
  }

  /** Start a program: on a server that is off, by switching it on; on one that is on, only what it was told at its boot. */
  start(program: Program): Promise<End> {
    if (this.#server !== null) {
      const known = this.#running.find(
        (one) => !one.isTaken && isDeepStrictEqual(one.program, program),
      );
      if (known === undefined) {
        throw new LabUnavailableError(
          `a guest of a cloud learns what to run when it boots, and this was not among it: ${program.kind}`,
          { where: `host ${this.plan.name}` },
        );
      }
      known.isTaken = true;
      return known.end;
    }
    const one = this.#begin(program, true);
    if (this.#waiting !== null) this.#waiting.push(one);
    else {
      const together = [one];
      this.#waiting = together;
      setTimeout(() => {
        this.#waiting = null;
        this.#boot(together, this.plan.volume).catch((error: unknown) =>
          this.#options.events.onCrash(error),
        );
      }, TOGETHER_MS);
    }
    return one.end;
  }

  /** Switch it on with programs that somebody will wait for later. Resolves when its guest is up. Rejects with CloudError. */
  async boot(programs: readonly Program[]): Promise<void> {
    // What the guest knows has to be on its disk.
    await this.#boot(
      programs.map((program) => this.#begin(program, false)),
      null,
    );
  }

  /** Stop and delete the server. Gives its volume, which is free then. */
  async release(onStep: (step: string) => void): Promise<string> {
    const { resources } = this.#options;
    const [server, volume] = [this.#server, this.volume];
    if (server === null || volume === null)
      throw new LabUnavailableError("it is off already", { where: `host ${this.plan.name}` });
    await this.#console?.read();
    this.#off();
    await releaseVolume(resources.api, { server, volume, onStep });
    await this.#options.onPlugged(false);
    this.volume = null;
    return volume;
  }

  /** Delete the server, if there is one; its volume stays. */
  async remove(): Promise<void> {
    const { api } = this.#options.resources;
    const server = this.#server;
    if (server === null) return;
    this.#off();
    try {
      await api.act("compute", "DELETE", `/servers/${server}`);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
    await waitFor(serverGone(api, server));
    await this.#options.onPlugged(false);
  }

  /** Nothing more is heard of it. */
  #off(): void {
    this.#console?.stop();
    this.#console = null;
    this.#server = null;
    for (const { resolve } of this.#running) resolve("powered-off");
    this.#running = [];
  }

  #begin(program: Program, isTaken: boolean): Running {
    const id = this.#running.length + (this.#waiting?.length ?? 0) + 1;
    const { promise, resolve } = Promise.withResolvers<End>();
    const label = `program-${this.#boots}-${id}-${program.kind}`;
    return { id, label, program, isTaken, end: promise, resolve };
  }

  async #boot(running: Running[], content: Volume | null): Promise<void> {
    const { plan, resources, flavor, port, mtu, speed, seed, events, onPlugged } = this.#options;
    const { volume } = this;
    if (volume === null)
      throw new LabUnavailableError("it has no volume", { where: `host ${plan.name}` });
    this.#running = running.map((one, index) => Object.assign(one, { id: index + 1 }));
    this.#up = Promise.withResolvers();
    await requireFree(resources.api, volume);
    const starts = this.#running.map(({ id, label, program }) => ({ id, label, program }));
    const { name, address, mac, bridge } = plan;
    const gateway = plan.gateway ?? "";
    const config = { name, address, mac, gateway, network: bridge, speed, seed, volume: content };
    const server = await resources.server({
      name: `${name}-${++this.#boots}`,
      flavor,
      volume,
      port,
      userData: userData({ ...config, starts }, plan.prefixLength, mtu),
    });
    this.#server = server;
    await Promise.all([
      onPlugged(true),
      waitFor({ ...serverIs(resources.api, server, "ACTIVE"), pollMs: 1_000 }),
    ]);
    this.#console = new GuestConsole(resources.api, server, {
      onReport: (report) => this.#heard(report),
      onFailure: events.onCrash,
    });
    let isUp = false;
    void this.#up.promise.then(() => {
      isUp = true;
    });
    await waitFor({
      what: `the guest of ${name} to say that it is up`,
      deadlineMs: UP_MS_MAX,
      look: async () => (isUp ? { value: null } : { now: "silent" }),
    });
  }

  #heard(report: GuestReport): void {
    const { events, timers } = this.#options;
    const { name } = this.plan;
    // The guest's clock is its own: what counts is when its word has arrived.
    const nowNs = timers.nowNs();
    switch (report.op) {
      case "state":
        this.stateHash = report.hash;
        break;
      case "up":
        this.#up.resolve();
        break;
      case "event":
        events.onEvent(name, nowNs, report.event);
        break;
      case "effect":
        events.onEffect(name, { ...report.effect, timeNs: nowNs });
        break;
      case "started":
        break;
      case "ended":
        this.#running.find(({ id }) => id === report.id)?.resolve("ended");
        break;
      case "late":
        events.onLate(name, report);
        break;
      case "off":
        for (const { resolve } of this.#running) resolve("powered-off");
        break;
      case "crash":
        events.onCrash(new LabUnavailableError(report.message, { where: `host ${name}` }));
        break;
    }
  }
}
