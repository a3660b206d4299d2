import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { LabUnavailableError } from "../../src/base/errors.ts";
import type { Volume } from "../../src/host/guest.ts";

const FILE = "guest.json";

/**
 * The guest's state on a mounted volume. Throws a LabUnavailableError when somebody else wrote there. Checked by hand: a
 * validator would be half of what a host loads before it is up, and there are fifty.
 */
export function readVolume(mount: string): Volume {
  const content: unknown = JSON.parse(readFileSync(volumeFile(mount), "utf8"));
  if (isVolume(content)) return content;
  throw new LabUnavailableError("this is not the state of a guest", { where: volumeFile(mount) });
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
  return JSON.stringify(volume);
}

function isVolume(content: unknown): content is Volume {
  return (
    hasText(content, ["botId", "homepage"]) &&
    "cookies" in content &&
    Array.isArray(content.cookies) &&
    content.cookies.every((cookie) => hasText(cookie, ["site", "name", "value"]))
  );
}

function hasText(value: unknown, keys: readonly string[]): value is object {
  return (
    typeof value === "object" &&
    value !== null &&
    keys.every((key) => typeof Reflect.get(value, key) === "string")
  );
}
