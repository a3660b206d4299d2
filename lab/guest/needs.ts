import { isOnPath } from "../mininet/needs.ts";

/** Programs that build and run the guest, and the Debian or Ubuntu package of each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "qemu-system-x86_64": "qemu-system-x86",
  mmdebstrap: "mmdebstrap",
  genext2fs: "genext2fs",
  setpriv: "util-linux",
  unshare: "util-linux",
  tar: "tar",
};
/** Builds a file system as an ordinary user. */
const FOR_USERS: Readonly<Record<string, string>> = { newuidmap: "uidmap" };

/** What keeps the guest from being built or run here. Nothing is started to find out. */
export interface GuestNeeds {
  readonly missing: readonly string[];
  readonly packages: readonly string[];
}

export function guestNeeds(): GuestNeeds {
  const programs = process.getuid?.() === 0 ? PROGRAMS : { ...PROGRAMS, ...FOR_USERS };
  const missing = Object.keys(programs).filter((program) => !isOnPath(program));
  return {
    missing,
    packages: [...new Set(missing.map((program) => programs[program] ?? program))],
  };
}
