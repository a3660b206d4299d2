import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const pinsSchema = z.object({
  devstack: z.object({
    box: z.string(),
    version: z.string(),
    repository: z.string(),
    branch: z.string(),
    address: z.string(),
  }),
});

/** What the Vagrantfile makes the machine of, from the same pins and the same variables. */
export interface DevstackSettings {
  readonly box: string;
  /** Empty for a box of this machine, which has no versions. */
  readonly boxVersion: string;
  readonly branch: string;
  readonly address: string;
  /** Windows 7 guests: 0 where the user names no box of theirs. */
  readonly windowsGuests: number;
}

export function devstackSettings(env: NodeJS.ProcessEnv = process.env): DevstackSettings {
  const path = fileURLToPath(new URL("../vagrant/pins.json", import.meta.url));
  const { devstack } = pinsSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  const named = (name: string, otherwise: string) =>
    env[`ISOREPLAY_${name}`] === undefined || env[`ISOREPLAY_${name}`] === ""
      ? otherwise
      : (env[`ISOREPLAY_${name}`] ?? otherwise);
  const box = named("DEVSTACK_BOX", devstack.box);
  return {
    box,
    boxVersion: named("DEVSTACK_BOX_VERSION", box === devstack.box ? devstack.version : ""),
    branch: named("DEVSTACK_BRANCH", devstack.branch),
    address: named("DEVSTACK_ADDRESS", devstack.address),
    windowsGuests: named("WIN7_BOX", "") === "" ? 0 : Number(named("WIN7_GUESTS", "1")),
  };
}
