import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Journal, type JournalEntry, type JournalFile, STATE } from "../state/journal.ts";
import { identify, type ProcessIdentity } from "../state/process-identity.ts";

/** Where a run in a cloud is. */
export interface CloudPlace {
  /** `OS_CLOUD`, and the `clouds.yaml` that has it; empty where the credentials come from elsewhere. */
  readonly name: string;
  readonly file: string;
  /** Where the sockets of the compute host's switch lie. */
  readonly rundir: string;
  /** The label of the OpenStack lab in whose network the run is; empty for any other cloud. */
  readonly inside: string;
}

/** Names the OpenStack lab whose network this process has entered. */
const INSIDE_VARIABLE = "ISOREPLAY_INSIDE";
const RUNDIR = "/var/run/openvswitch";

export function placeOf(variables: NodeJS.ProcessEnv): CloudPlace {
  return {
    name: variables.OS_CLOUD ?? "",
    file: variables.OS_CLIENT_CONFIG_FILE ?? "",
    rundir: variables.OVS_RUNDIR ?? RUNDIR,
    inside: variables[INSIDE_VARIABLE] ?? "",
  };
}

/** The way into the network of a packaged OpenStack: what stands before a command, and by which variables it knows its cloud. */
export function entrance(
  lab: { readonly label: string; readonly folder: string },
  keeper: Pick<ProcessIdentity, "pid">,
): {
  readonly command: readonly [file: string, ...args: string[]];
  readonly variables: Readonly<Record<string, string>>;
} {
  return {
    command: ["nsenter", "--target", String(keeper.pid), "--net", "--"],
    variables: {
      OS_CLOUD: "lab",
      OS_CLIENT_CONFIG_FILE: join(lab.folder, "etc/clouds.yaml"),
      OVS_RUNDIR: `/proc/${keeper.pid}/root/run/openvswitch`,
      [INSIDE_VARIABLE]: lab.label,
    },
  };
}

/** The folder of a run in a cloud: its journal, and what its hosts need on this machine. */
export class CloudFolder implements AsyncDisposable {
  readonly label: string;
  readonly path: string;
  readonly journal: JournalFile;
  /** What the journal has so far. */
  readonly entries: JournalEntry[] = [];
  readonly #file: Journal;

  private constructor(label: string, path: string, file: Journal) {
    this.label = label;
    this.path = path;
    this.#file = file;
    this.journal = {
      add: (entry) => {
        file.add(entry);
        this.entries.push(entry);
      },
      close: () => file.close(),
    };
  }

  /** `name`: of the plan that is built. */
  static create(name: string, place: CloudPlace): CloudFolder {
    const label = randomBytes(4).toString("hex");
    const path = join(STATE, label);
    const folder = new CloudFolder(label, path, Journal.create(path));
    const { pid, startTicks } = identify(process.pid) ?? { pid: process.pid, startTicks: "" };
    const owner = { lab: "devstack", name, label, pid, startTicks, stays: false } as const;
    folder.journal.add({ kind: "lab", ...owner });
    folder.journal.add({ kind: "cloud", ...place });
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    await rm(this.path, { recursive: true, force: true });
  }
}
