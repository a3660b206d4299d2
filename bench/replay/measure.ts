import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import type { Path } from "./paths.ts";
import { CLIENT } from "./places.ts";
import { type Reach, reach } from "./reach.ts";
import { URI } from "./responder.ts";
import { Stage } from "./stage.ts";
import { busySeconds, childSeconds, usedBetween } from "./usage.ts";
import { type LoadResult, parseWrk } from "./wrk.ts";

/** As many at a time as the bot's host could have, and more than a bot has. */
export const AT_A_TIME = 16;
const READY_MS_MAX = 30_000;
const POLL_MS = 100;
const WARM_SECONDS = 1;
const SLACK_MS = 30_000;

export interface Measured extends LoadResult {
  /** Processor seconds for 1,000 sessions: of all processes, of the switch alone, of the load generator alone. */
  readonly cpuPerThousand: number;
  readonly switchPerThousand: number;
  readonly clientPerThousand: number;
  /** What the machine did not idle for 1,000 sessions, interrupts and whatever else runs on it included. */
  readonly machinePerThousand: number;
  /** Of all processes but the load generator, each at its peak, MB. */
  readonly peakMegabytes: number;
  readonly reach: Reach;
}

/** A path on a stage of its own under load for so many seconds. */
export async function measure(path: Path, seconds: number): Promise<Measured> {
  await using stage = await Stage.build();
  await path.up(stage, WARM_SECONDS + seconds);
  const url = urlOf(path);
  await answers(stage, url);
  const reached = await reach(stage, path.to);
  await load(stage, url, WARM_SECONDS);
  const before = await stage.processes();
  const busyBefore = busySeconds(await readFile("/proc/stat", "utf8"));
  const { result, clientSeconds } = await load(stage, url, seconds);
  const busyAfter = busySeconds(await readFile("/proc/stat", "utf8"));
  const used = usedBetween(before, await stage.processes());
  const total = [...used.values()].reduce((sum, own) => sum + own, clientSeconds);
  const thousands = result.sessions / 1_000;
  return {
    ...result,
    cpuPerThousand: total / thousands,
    switchPerThousand: (used.get("ovs-vswitchd") ?? 0) / thousands,
    clientPerThousand: clientSeconds / thousands,
    machinePerThousand: (busyAfter - busyBefore) / thousands,
    peakMegabytes: await stage.peakMegabytes(),
    reach: reached,
  };
}

/** Load a path on a stage of its own without a pause for so many seconds, again and again while `goOn` says so. */
export async function sustain(
  path: Path,
  seconds: number,
  goOn: (result: LoadResult) => boolean,
): Promise<void> {
  await using stage = await Stage.build();
  await path.up(stage, seconds);
  const url = urlOf(path);
  await answers(stage, url);
  while (goOn((await load(stage, url, seconds)).result));
}

function urlOf({ to }: Path): string {
  return `http://${to.address}:${to.port}${URI}`;
}

/** Wait until the path answers. */
async function answers(stage: Stage, url: string): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  const ask = `curl -s -m 1 -o /dev/null -w '%{http_code}' '${url}' || true`;
  while ((await stage.run(CLIENT, ["sh", "-c", ask])).trim() !== "200") {
    if (performance.now() > deadline) throw new Error(`no answer from ${url}`);
    await wait(POLL_MS);
  }
}

/** One new connection per request, because each asks for the close. */
async function load(
  stage: Stage,
  url: string,
  seconds: number,
): Promise<{ result: LoadResult; clientSeconds: number }> {
  const wrk = `wrk -t1 -c${AT_A_TIME} -d${seconds}s --latency -H 'Connection: close' '${url}'`;
  const text = await stage.run(CLIENT, ["sh", "-c", `${wrk} && times`], {
    timeoutMs: seconds * 1_000 + SLACK_MS,
  });
  return { result: parseWrk(text), clientSeconds: childSeconds(text) };
}
