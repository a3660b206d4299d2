import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** Captures of others beside the checkout; they are read where they lie. */
const FOLDER = join(import.meta.dirname, "../../../shared/captures");
const FILE_BYTES_MAX = 6_144;

/** The small captures that lie beside the checkout, in the order of their names; none where there are none. */
export function sharedCaptures(): readonly Uint8Array[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(pcap|pcapng|cap)(\.gz)?$/.test(name))
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(FOLDER, name));
      return new Uint8Array(name.endsWith(".gz") ? gunzipSync(bytes) : bytes);
    })
    .filter((bytes) => bytes.length <= FILE_BYTES_MAX);
}
