import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { LabUnavailableError } from "../../src/base/errors.ts";

/** Where labs keep what they need while they are up. Gone after a restart of the machine, like everything in them. */
export const STATE = "/run/isoreplay";
const FILE = "journal.ndjson";

/** What the Mininet lab makes. */
export const MININET_RESOURCES = [
  "namespaces",
  "switch",
  "bridge",
  "host",
  "volume",
  "tap",
  "mirror",
  "controller",
  "agent",
] as const;

/** What a run makes in a cloud. Their names hold the run's label. */
const CLOUD_RESOURCES = [
  "server",
  "image",
  "flavor",
  "network",
  "subnet",
  "port",
  "security-group",
  /** An interface that is plugged in to the compute host's switch. */
  "cable",
] as const;

/** What any lab makes. */
const RESOURCES = [...MININET_RESOURCES, ...CLOUD_RESOURCES, "stage", "disk"] as const;

const entrySchema = z.discriminatedUnion("kind", [
  /** First line: whose lab it is. A later one: whose it has become. */
  z.strictObject({
    kind: z.literal("lab"),
    lab: z.enum(["mininet", "openstack", "devstack"]),
    name: z.string(),
    label: z.string(),
    pid: z.int(),
    startTicks: z.string(),
    /** A lab of `deploy` stays up by itself; one of `run` belongs to a loop. */
    stays: z.boolean(),
  }),
  /** Where a run in a cloud is: how `clouds.yaml` calls it, the switch's sockets, and the lab whose network it is reached from. */
  z.strictObject({
    kind: z.literal("cloud"),
    name: z.string(),
    file: z.string(),
    rundir: z.string(),
    inside: z.string(),
  }),
  z.strictObject({
    kind: z.enum(RESOURCES),
    name: z.string(),
  }),
]);

export type JournalEntry = z.infer<typeof entrySchema>;

/** Where a lab says what it is about to make. */
export type JournalFile = Pick<Journal, "add" | "close">;

/** What a lab is about to make, written and forced to the disk before it is made. */
export class Journal {
  readonly #file: number;

  private constructor(file: number) {
    this.#file = file;
  }

  /** Throws when the folder has a journal already. */
  static create(folder: string): Journal {
    // Whoever may not change a lab may know of it. What else lies there is its maker's only.
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    chmodSync(dirname(folder), 0o755);
    return new Journal(openSync(join(folder, FILE), "wx", 0o644));
  }

  add(entry: JournalEntry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** A lab that left its journal: it is up, or it was ended before it could clean up. */
export interface RecordedLab {
  readonly label: string;
  readonly folder: string;
  /** Whole lines only: the last one may have been cut. Empty where not even the first was written. */
  readonly entries: readonly JournalEntry[];
}

/** Every lab that has a folder under `state`, by label. */
export function recordedLabs(state: string = STATE): RecordedLab[] {
  return foldersOf(state).map((label) => {
    const folder = join(state, label);
    return { label, folder, entries: readEntries(join(folder, FILE)) };
  });
}

function foldersOf(state: string): string[] {
  try {
    return readdirSync(state).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    if (code === "EACCES")
      throw new LabUnavailableError("only root may look", {
        where: state,
        mend: "sudo",
        cause: error,
      });
    throw error;
  }
}

function readEntries(file: string): JournalEntry[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => entrySchema.parse(JSON.parse(line)));
}
