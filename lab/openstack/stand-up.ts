import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Journal, STATE } from "../state/journal.ts";
import { endProcesses, removeLab } from "../state/leftovers.ts";
import { identify, type ProcessIdentity } from "../state/process-identity.ts";
import { MemoryWatch } from "./memory.ts";
import { Namespaces } from "./namespaces.ts";
import { writeTemplates } from "./render.ts";
import { Stage } from "./stage.ts";
import { diskImage, STEPS } from "./stages.ts";

/** What whoever waits is told. */
export interface Progress {
  begins(stage: string, what: string): void;
  /** `ms`: how long it took. `memoryBytes`: what the lab's processes hold now. */
  ends(stage: string, ms: number, memoryBytes: number): void;
}

/** A cloud that is up. */
export class OpenStackLab implements AsyncDisposable {
  readonly label: string;
  readonly folder: string;
  readonly namespaces: Namespaces;
  /** The most that its processes held at a time while it came up. */
  readonly peakBytes: number;

  constructor(label: string, namespaces: Namespaces, peakBytes: number) {
    this.label = label;
    this.folder = namespaces.folder;
    this.namespaces = namespaces;
    this.peakBytes = peakBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { label, folder } = this;
    await removeLab({ label, folder, entries: [{ kind: "disk", name: diskImage(label) }] });
  }
}

export interface StandUpOptions {
  /** It stays up when this process ends; `destroy` takes it down. Otherwise it ends with this process. */
  readonly stays: boolean;
  readonly progress: Progress;
}

/**
 * Stand up keystone, placement, glance, nova, neutron and cinder in namespaces of their own. Rejects with LabUnavailableError
 * that names the stage, says why, and where its log is: the lab's folder is left then, and nothing else.
 */
export async function standUp({ stays, progress }: StandUpOptions): Promise<OpenStackLab> {
  const label = randomBytes(4).toString("hex");
  const folder = join(STATE, label);
  const journal = Journal.create(folder);
  const owned = (owner: ProcessIdentity): void =>
    journal.add({ kind: "lab", lab: "openstack", name: "openstack", label, stays, ...owner });
  owned(identify(process.pid) ?? { pid: process.pid, startTicks: "" });
  for (const name of ["logs", "pids", "storage"]) await mkdir(join(folder, name));
  const secret = randomBytes(12).toString("hex");
  await writeTemplates(join(folder, "etc"), { folder, storage: join(folder, "storage"), secret });
  journal.add({ kind: "namespaces", name: label });
  const namespaces = await Namespaces.create(folder, label);
  using memory = new MemoryWatch(namespaces.keeper.pid);
  try {
    journal.add({ kind: "disk", name: diskImage(label) });
    for (const { name, what, deadlineMs, work } of STEPS) {
      journal.add({ kind: "stage", name });
      progress.begins(name, what);
      const start = performance.now();
      await work(namespaces, new Stage(namespaces, name, deadlineMs), secret);
      progress.ends(name, performance.now() - start, memory.look());
    }
    await namespaces.writeInside();
    if (stays) {
      await namespaces.stay();
      owned(namespaces.keeper);
    }
  } catch (error) {
    await endProcesses({ label, folder });
    throw error;
  } finally {
    journal.close();
  }
  return new OpenStackLab(label, namespaces, memory.peakBytes);
}
