import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { EXIT, type ExitStatus } from "../../base/errors.ts";
import type { Io } from "../io.ts";

export interface DoctorOptions {
  readonly json?: boolean;
}

interface LabState {
  readonly lab: string;
  readonly runs: boolean;
  readonly says: string;
  /** Programs that the lab will need and that are not here. */
  readonly missing: readonly string[];
  /** The command that installs them. */
  readonly mend: string | null;
}

/** Programs that a lab drives, and the Debian or Ubuntu package of each. */
const NEEDS = {
  mininet: { mn: "mininet", "ovs-vsctl": "openvswitch-switch", tcpdump: "tcpdump" },
  devstack: {
    vagrant: "vagrant",
    virsh: "libvirt-clients",
    openstack: "python3-openstackclient",
  },
} as const;

/** Which labs this machine can run, and what is missing for the others. */
export async function doctor(options: DoctorOptions, io: Io): Promise<ExitStatus> {
  const states: LabState[] = [
    {
      lab: "sim",
      runs: true,
      says: "runs on this machine: it needs Node only, and no root",
      missing: [],
      mend: null,
    },
  ];
  for (const lab of ["mininet", "devstack"] as const) states.push(await notBuilt(lab));
  if (options.json === true) io.out.line(JSON.stringify(states, null, 2));
  else
    for (const { lab, runs, says, missing, mend } of states) {
      io.out.line(`${runs ? "✔" : "✘"} ${lab.padEnd(9)} ${says}`);
      if (mend !== null)
        io.out.line(`  ${"".padEnd(9)} ${missing.join(", ")} will be needed: ${mend}`);
    }
  await io.out.flush();
  return EXIT.pass;
}

async function notBuilt(lab: keyof typeof NEEDS): Promise<LabState> {
  const missing: string[] = [];
  const packages: string[] = [];
  for (const [program, name] of Object.entries(NEEDS[lab])) {
    if (await onPath(program)) continue;
    missing.push(program);
    packages.push(name);
  }
  return {
    lab,
    runs: false,
    says: "is not in this version",
    missing,
    mend: packages.length === 0 ? null : `sudo apt-get install -y ${packages.join(" ")}`,
  };
}

/** Whether a program can be started, without starting it. System programs count even where only root finds them. */
async function onPath(program: string): Promise<boolean> {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  for (const folder of folders.filter((name) => name !== "")) {
    try {
      await access(join(folder, program), constants.X_OK);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "EACCES") throw error;
    }
  }
  return false;
}
