import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs that the lab starts, and the Debian or Ubuntu package of each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  mn: "mininet",
  mnexec: "mininet",
  "ovs-vsctl": "openvswitch-switch",
  "ovs-vswitchd": "openvswitch-switch",
  "ovsdb-server": "openvswitch-switch",
  ethtool: "ethtool",
  ip: "iproute2",
  "mkfs.ext4": "e2fsprogs",
  nsenter: "util-linux",
  unshare: "util-linux",
  setpriv: "util-linux",
  setsid: "util-linux",
};

/** What keeps the lab from running here. Nothing is started to find out. */
export interface MininetNeeds {
  readonly missing: readonly string[];
  readonly packages: readonly string[];
  readonly isRoot: boolean;
  readonly hasTun: boolean;
}

export function mininetNeeds(): MininetNeeds {
  const missing = Object.keys(PROGRAMS).filter((program) => !isOnPath(program));
  return {
    missing,
    packages: [...new Set(missing.map((program) => PROGRAMS[program] ?? program))],
    isRoot: process.getuid?.() === 0,
    // The user-space datapath makes its bridges' own ports with it.
    hasTun: existsSync("/dev/net/tun"),
  };
}

/** System programs count even where only root finds them. */
export function isOnPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => folder !== "" && isExecutable(join(folder, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
