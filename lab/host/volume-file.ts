import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Volume } from "../../src/host/guest.ts";

const FILE = "guest.json";

const volumeSchema = z.strictObject({
  botId: z.string(),
  homepage: z.string(),
  cookies: z.array(z.strictObject({ site: z.string(), name: z.string(), value: z.string() })),
});

/** The guest's state on a mounted volume. Throws a ZodError when somebody else wrote there. */
export function readVolume(mount: string): Volume {
  return volumeSchema.parse(JSON.parse(readFileSync(volumeFile(mount), "utf8")));
}

/** Written whole and forced to the disk, or not at all: the power may go at any moment. */
export function writeVolume(mount: string, volume: Volume): void {
  const temporary = join(mount, `${FILE}.tmp`);
  const file = openSync(temporary, "w");
  try {
    writeSync(file, `${formatVolume(volume)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, volumeFile(mount));
}

export function volumeFile(mount: string): string {
  return join(mount, FILE);
}

export function formatVolume(volume: Volume): string {
  return JSON.stringify(volumeSchema.parse(volume));
}
