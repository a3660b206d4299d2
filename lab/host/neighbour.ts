import { readFileSync } from "node:fs";

/** What the kernel's neighbour table knows of an address; null where it knows nothing. */
export function neighbourMac(address: string | null): string | null {
  if (address === null) return null;
  for (const line of readFileSync("/proc/net/arp", "utf8").split("\n").slice(1)) {
    const [known, , flags, mac] = line.split(/\s+/);
    if (known === address && flags !== "0x0" && mac !== undefined) return mac;
  }
  return null;
}
