import { elapsedMs } from "../base/clock.ts";
import type { ProgramEvent } from "../host/host.ts";
import type { Transaction } from "../http/transaction.ts";
import type { PlayedServer, PlayedStation, Station } from "../isolate/station.ts";
import type { Program } from "../program/program.ts";
import type { Way } from "../scenario/way.ts";
import { type Cast, probeTargets, type Suspect } from "./cast.ts";
import { type MoveMethod, type MoveRecord, type RunningLab, waitUntil } from "./lab.ts";
import type { Parts } from "./parts.ts";
import { type BridgeName, type HostPlan, hostOf } from "./plan.ts";
import { StationPorts } from "./station-port.ts";
import type { UplinkTally } from "./tally.ts";
import type { Doors, Replayer, ReplayNetwork, ReplayWay } from "./way.ts";

/** The responder's first port; each server of each guest has one of its own, so that an answer is known by its port. */
const PLAYED_FROM = 8001;

export interface ContainmentOptions {
  readonly way: Way;
  readonly method: MoveMethod;
  readonly controlLatencyMs: number;
  readonly observeMsMax: number;
  readonly miss: "close" | "empty-200";
  readonly seed: string;
}

/** What the check of the isolation's rules saw, before and while they were in force. */
export interface ProofRecord {
  /** Ways out under the rules of the positive control. */
  readonly control: number;
  /** Rule sets that were checked. */
  readonly checked: number;
  readonly waysOut: readonly string[];
}

/** What happened to one suspect from the verdict on. */
export interface ContainmentRecord {
  readonly verdictNs: bigint;
  readonly cutNs: bigint;
  readonly move: MoveRecord;
  readonly replayStartNs: bigint;
  readonly replayer: Replayer;
  readonly recorded: readonly Transaction[];
}

/**
 * The networks' rules as they stand, and the way of one suspect through them: cut, moved, replayed, watched.
 * Several suspects may be on their way at the same time; each change of rules holds for all of them.
 */
export class Containment {
  readonly #lab: RunningLab;
  readonly #cast: Cast;
  readonly #parts: Parts;
  readonly #options: ContainmentOptions;
  readonly #uplink: UplinkTally;
  readonly #cut: Station[] = [];
  readonly #isolated: PlayedStation[] = [];
  readonly #ports: StationPorts;
  readonly #way: ReplayWay;
  readonly #replayers: Replayer[] = [];
  #playedAt = PLAYED_FROM;
  #control = 0;
  #checked = 0;
  readonly #waysOut = new Set<string>();

  constructor(
    lab: RunningLab,
    cast: Cast,
    parts: Parts,
    options: ContainmentOptions,
    uplink: UplinkTally,
  ) {
    this.#lab = lab;
    this.#cast = cast;
    this.#parts = parts;
    this.#options = options;
    this.#uplink = uplink;
    this.#ports = new StationPorts(lab.controller("isolation"));
    this.#way = parts.ways[options.way];
  }

  get proof(): ProofRecord {
    return { control: this.#control, checked: this.#checked, waysOut: [...this.#waysOut] };
  }

  /** A program reported something: it may be the one that gives recorded answers. */
  event(host: string, event: ProgramEvent): void {
    if (host !== this.#responder()?.name) return;
    for (const replayer of this.#replayers) replayer.event?.(event);
  }

  /** With the rules in force that hold nothing back: the check has to see ways out. */
  async control(): Promise<void> {
    this.#control = (await this.#check(() => [new Map()])).length;
  }

  /** Put the rules of both networks in force. */
  async close(): Promise<void> {
    await this.#setPrivate();
    await this.#setIsolation();
  }

  /** With the sensor gone: nothing that is set in the switches copies frames elsewhere. */
  async end(): Promise<void> {
    await this.#checkCopies("private");
    await this.#checkCopies("isolation");
  }

  /** Everything that follows a verdict. Resolves when the isolated instance has nothing more to show. */
  async isolate(
    suspect: Suspect,
    recorded: readonly Transaction[],
    onStage: (stage: "cut" | "replay", detail: string) => void,
  ): Promise<ContainmentRecord> {
    const { timers } = this.#lab;
    const instance = hostOf(this.#cast.plan, suspect.host);
    const target = hostOf(this.#cast.plan, suspect.target);
    const verdictNs = timers.nowNs();
    this.#uplink.verdict(instance.mac, verdictNs);

    await timers.sleep(this.#options.controlLatencyMs);
    this.#cut.push(instance);
    await this.#setPrivate([instance.address]);
    const cutNs = timers.nowNs();
    this.#uplink.cut(instance.mac, cutNs);
    const cutMs = elapsedMs(verdictNs, cutNs) / this.#lab.pace.speed;
    onStage("cut", `${suspect.host} in ${cutMs.toFixed(1)} ms`);

    const servers = this.#play(recorded);
    const replayer = this.#serve(target, servers, recorded);
    const probe = this.#probe(suspect.target);
    const beacon = suspect.beacon === null ? [] : [suspect.beacon];
    const [move] = await Promise.all([
      this.#lab.move({
        instance: suspect.host,
        target: suspect.target,
        method: this.#options.method,
        programs: [probe, ...beacon, suspect.isolatedProgram],
      }),
      replayer.begin?.(),
    ]);
    this.#isolated.push({ ...stationOf(target), servers });
    await this.#setIsolation([target.address]);

    const replayStartNs = timers.nowNs();
    onStage("replay", `${suspect.target} runs from the volume of ${suspect.host}`);
    this.#lab.start(suspect.target, probe);
    if (suspect.beacon !== null) this.#lab.start(suspect.target, suspect.beacon);
    await this.#watch(suspect);
    return { verdictNs, cutNs, move, replayStartNs, replayer, recorded };
  }

  /** Run what the suspect runs, until it is done or the deadline passes. */
  async #watch(suspect: Suspect): Promise<void> {
    const done = this.#lab.start(suspect.target, suspect.isolatedProgram);
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    await waitUntil(this.#lab.timers, () => isDone, this.#options.observeMsMax);
  }

  #probe(target: string): Program {
    return this.#parts.probes.program(target, probeTargets(this.#cast, target));
  }

  #serve(
    target: HostPlan,
    servers: readonly PlayedServer[],
    recorded: readonly Transaction[],
  ): Replayer {
    const replayer = this.#way.serve({
      lab: this.#lab,
      guest: target.name,
      port: this.#ports.of(target.mac),
      responder: this.#responder()?.name ?? null,
      servers,
      recorded,
      miss: this.#options.miss,
      seed: `${this.#options.seed}/${target.name}`,
    });
    this.#replayers.push(replayer);
    return replayer;
  }

  /** The servers that a recorded conversation was held with, each once, each with a port of the responder. */
  #play(recorded: readonly Transaction[]): readonly PlayedServer[] {
    return serversOf(recorded).map((server) => ({ ...server, playedAt: this.#playedAt++ }));
  }

  #responder(): HostPlan | undefined {
    return this.#cast.plan.hosts.find(({ role }) => role === "responder");
  }

  async #setPrivate(flush: readonly string[] = []): Promise<void> {
    const { plan } = this.#cast;
    const uplink = plan.router.find((r) => r.bridge === "private");
    const rules = this.#parts.privateRules({
      uplinkPort: uplink?.port ?? 0,
      stations: plan.hosts.filter((h) => h.bridge === "private").map(stationOf),
      cut: this.#cut.map(stationOf),
    });
    await this.#lab.setRules("private", rules, flush);
  }

  async #setIsolation(flush: readonly string[] = []): Promise<void> {
    const { replayer } = this.#cast.plan;
    const responder = this.#responder();
    const network: ReplayNetwork = {
      gatewayMac: replayer.gatewayMac,
      gatewayAddress: replayer.gatewayAddress,
      stations: this.#isolated,
      responder: responder === undefined ? null : stationOf(responder),
    };
    await this.#lab.setRules("isolation", this.#way.rules(network), flush);
    const declared = () => [this.#way.egress(network), this.#way.doors?.(network)] as const;
    for (const way of await this.#check(declared)) this.#waysOut.add(way);
    await this.#checkCopies("isolation");
    this.#checked++;
  }

  /** What copies frames is a way out, whatever the rules say. */
  async #checkCopies(bridge: BridgeName): Promise<void> {
    for (const setting of await this.#lab.copies(bridge))
      this.#waysOut.add(`the switch's setting ${setting} copies what passes ${bridge}`);
  }

  /** The ways out that the rules in force offer, as the switch itself lists them. */
  async #check(
    declared: () => readonly [ReadonlyMap<number, ReadonlySet<number>>, (Doors | undefined)?],
  ): Promise<readonly string[]> {
    const ports = this.#cast.plan.hosts.filter((h) => h.bridge === "isolation").map((h) => h.port);
    const rules = await this.#lab.rules("isolation");
    // What may leave is asked last: the rules of another instance may have come into force meanwhile.
    return this.#parts.waysOut(rules, ports, ...declared());
  }
}

function stationOf(host: Station): Station {
  return { port: host.port, mac: host.mac, address: host.address };
}

/** The servers that a recorded conversation was held with, each once. */
function serversOf(recorded: readonly Transaction[]): Transaction["server"][] {
  const byName = new Map(
    recorded.map(({ server }) => [`${server.address} ${server.port}`, server] as const),
  );
  return [...byName.values()];
}
