import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const FILE = "places.json";

const placesSchema = z.strictObject({
  /** The capsule's first process, as the machine sees it; in a rehearsal the name of a shell's variable. */
  capsule: z.string(),
  /** Open vSwitch's sockets lie here. */
  rundir: z.string(),
  hosts: z.array(
    z.strictObject({
      name: z.string(),
      bridge: z.string(),
      address: z.string(),
      mac: z.string(),
      /** The host's first process, as the capsule sees it. */
      pid: z.string(),
    }),
  ),
});

/** Where the hosts of a lab are found while it is up. */
export type Places = z.infer<typeof placesSchema>;

export function placesFile(folder: string): string {
  return join(folder, FILE);
}

export function writePlaces(folder: string, places: Places): void {
  writeFileSync(placesFile(folder), JSON.stringify(places));
}

/** `null` while the lab is not that far, or where nobody but its maker may know. */
export function readPlaces(folder: string): Places | null {
  try {
    return placesSchema.parse(JSON.parse(readFileSync(placesFile(folder), "utf8")));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT")
      return null;
    throw error;
  }
}

/** The command that opens a shell in a host. */
export function enterCommand({ capsule }: Places, pid: string): string {
  return `sudo nsenter --target ${capsule} --mount --net --pid -- nsenter --target ${pid} --net -- bash`;
}
