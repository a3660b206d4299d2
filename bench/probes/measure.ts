import { CONTROL_RULES } from "../../src/isolate/isolation-rules.ts";
import { PROBE_KINDS, recogniseProbe } from "../../src/program/probe.ts";
import type { Rig } from "./rig.ts";
import { variants } from "./variants.ts";

/** Frames that are sent before the bridge is asked how far it has come. */
const BURST = 100;
/** For each control: some forty turns through all kinds. */
const CONTROL_FRAMES = 2_000;
const EXAMPLES_MAX = 10;

/** Keeps what is seen outside of a bridge. */
export class Outside {
  /** What the probes that are sent now are known by. */
  marker = "";
  /** Whether everything that is seen got out, or is a control that should be seen. */
  isControl = true;
  /** By place, the kinds of the present control that were seen there. */
  kinds = new Map<string, Set<string>>();
  /** Frames that got out, whatever they were, and the first few of them. */
  frames = 0;
  readonly examples: string[] = [];

  /** `name`: the marker of the probes that are sent from now on. */
  begin(name: string, isControl: boolean): void {
    this.marker = name;
    this.isControl = isControl;
    this.kinds = new Map();
  }

  seen(place: string, frame: Uint8Array): void {
    const probe = recogniseProbe(frame);
    if (this.isControl) {
      if (probe?.marker !== this.marker) return;
      const kinds = this.kinds.get(place) ?? new Set();
      this.kinds.set(place, kinds.add(probe.kind));
      return;
    }
    this.frames++;
    if (this.examples.length < EXAMPLES_MAX)
      this.examples.push(`${place}: ${probe?.kind ?? "no probe"}`);
  }
}

export interface MeasureOptions {
  readonly rig: Rig;
  /** What the rig tells of what it sees. */
  readonly outside: Outside;
  /** The rules that are to hold everything back. */
  readonly rules: string;
  readonly frames: number;
  readonly seed: number;
  readonly onProgress: (frames: number) => void;
}

export interface Measured {
  readonly kinds: number;
  /** Probes that the rules have looked up, and those that they handed to the replayer, as they may. */
  readonly lookedUp: number;
  readonly toReplayer: number;
  readonly seconds: number;
  readonly outside: number;
  readonly examples: readonly string[];
  /** Kinds, and where, that the controls before and after did not see: where they are blind nothing is proven. */
  readonly blind: readonly string[];
  /** Frames that the captures lost. */
  readonly missed: number;
  /** Nothing got out, and it would have been seen. */
  readonly holds: boolean;
}

/** Control, isolation, control: in one session of all captures. */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { rig, outside, rules, frames } = options;
  const before = await control(options, "control-1");
  const { toReplayer, own } = rig.counts;
  outside.begin("isolated", false);
  await rig.setRules(rules);
  const startMs = performance.now();
  const kinds = await send(options, frames);
  const seconds = (performance.now() - startMs) / 1000;
  const lookedUp = (await rig.lookedUp()) - (rig.counts.own - own);
  const handed = rig.counts.toReplayer - toReplayer;
  const blind = [...before, ...(await control(options, "control-2"))];
  const { missed } = rig.counts;
  return {
    kinds: kinds.size,
    lookedUp,
    toReplayer: handed,
    seconds,
    outside: outside.frames,
    examples: outside.examples,
    blind,
    missed,
    holds:
      outside.frames === 0 &&
      blind.length === 0 &&
      missed === 0 &&
      lookedUp === frames &&
      kinds.size === PROBE_KINDS.length,
  };
}

/** With nothing held back: what was not seen, and where. */
async function control(options: MeasureOptions, name: string): Promise<string[]> {
  const { rig, outside } = options;
  outside.begin(name, true);
  await rig.setRules(CONTROL_RULES);
  await send(options, CONTROL_FRAMES);
  return rig.places.flatMap((place) =>
    PROBE_KINDS.filter(({ kind }) => !outside.kinds.get(place)?.has(kind)).map(
      ({ kind }) => `${kind} at ${place} (${name})`,
    ),
  );
}

/** Send so many frames. Gives their kinds. */
async function send(options: MeasureOptions, frames: number): Promise<Set<string>> {
  const { rig, outside, seed, onProgress } = options;
  const kinds = new Set<string>();
  let burst: Uint8Array[] = [];
  let sent = 0;
  for (const { kind, frame } of variants(seed, outside.marker)) {
    burst.push(frame);
    kinds.add(kind);
    sent++;
    if (burst.length < BURST && sent < frames) continue;
    await rig.send(burst);
    burst = [];
    onProgress(sent);
    if (sent === frames) break;
  }
  await rig.settled();
  return kinds;
}
