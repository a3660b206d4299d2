import { existsSync } from "node:fs";
import { isOnPath, mininetNeeds } from "../mininet/needs.ts";

/** Beside what the Mininet lab needs, whose hosts stand beside the servers: programs, and Debian's package of each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "dpkg-deb": "dpkg",
  depmod: "kmod",
  ldd: "libc-bin",
};

/** What keeps the lab in a cloud from running here, the cloud itself left aside. Nothing is started to find out. */
export function cloudNeeds(): { missing: readonly string[]; packages: readonly string[] } {
  const { missing, packages, isRoot } = mininetNeeds();
  const own = Object.keys(PROGRAMS).filter((program) => !isOnPath(program));
  // The guest is built from the distribution's packages.
  const apt = existsSync("/etc/apt") ? [] : ["apt"];
  return {
    missing: [...missing, ...own, ...apt, ...(isRoot ? [] : ["root's rights"])],
    packages: [...new Set([...packages, ...own.map((program) => PROGRAMS[program] ?? program)])],
  };
}
