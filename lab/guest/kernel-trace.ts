import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Visibility } from "../../src/reproduce/figure-11.ts";
import { type Results, resultsSchema } from "../../src/run/results.ts";
import { guestImage } from "./image.ts";
import { packJob } from "./pack-job.ts";
import { type GuestResult, runGuest } from "./run-guest.ts";

const SCRIPT = fileURLToPath(new URL("kernel-trace.sh", import.meta.url));
const SCENARIO = fileURLToPath(new URL("scenario.yaml", import.meta.url));

/** Hosts are processes of their own, of some forty megabytes each. */
const MEMORY_MIB = 2048;
const TIMEOUT_MS = 12 * 60_000;
/** Lab seconds in a second: an emulated processor is twenty times slower. */
const SPEED = { emulated: 20 };

/** What the guest's kernel did while the loop ran on its datapath. */
export interface KernelTrace {
  readonly guest: Omit<GuestResult, "left">;
  /** As `ovs-vswitchd --version` begins. */
  readonly openVSwitch: string;
  /** null: the loop did not come to its end; `complaint` says why. */
  readonly results: Results | null;
  readonly complaint: string;
  readonly symbols: ReadonlyMap<string, Visibility>;
  /** ftrace's own text. */
  readonly trace: string;
  /** Connections that netfilter told of when they were made, one a line, as `conntrack -E` prints them. */
  readonly connections: readonly string[];
}

/**
 * Play the whole loop in the guest, on the datapath of its kernel, and trace the kernel while it does. Takes minutes.
 * `folder` is the caller's, and empty. Throws LabUnavailableError where there can be no guest.
 */
export async function traceKernel(
  folder: string,
  onStage: (what: string) => void,
): Promise<KernelTrace> {
  const image = await guestImage(onStage);
  onStage("packing the job");
  const disk = await packJob(SCRIPT, [SCENARIO], { SPEED: String(SPEED.emulated) }, folder);
  onStage("booting the guest");
  const job = { disk, memoryMiB: MEMORY_MIB, timeoutMs: TIMEOUT_MS, onLine: onStage };
  const { left, ...guest } = await runGuest(image, job, folder);
  const text = (name: string) => readFile(join(left, name), "utf8");
  const json = await text("results.json");
  return {
    guest,
    openVSwitch: (await text("ovs")).trim(),
    results: json === "" ? null : resultsSchema.parse(JSON.parse(json)),
    complaint: lines(await text("said")).at(-1) ?? "",
    symbols: new Map(lines(await text("symbols")).map((line) => pair(line))),
    trace: await text("trace"),
    connections: lines(await text("conntrack")),
  };
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** `ovs_ct_execute traced` */
function pair(line: string): [string, Visibility] {
  const [name = "", state = ""] = line.split(" ");
  return [name, state === "traced" || state === "symbol" ? state : "none"];
}
