import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { runCommand } from "../../src/base/command.ts";

/** Drivers that a stand-in loads, with their options. */
const WANTED: readonly string[] = [
  "virtio_pci",
  "virtio_blk",
  // A switch in user space finishes no checksum and cuts no segment: with these on, ping works and TCP hangs.
  "virtio_net csum=0 gso=0",
  // Node and the code.
  "squashfs",
  // A file that is a raw socket.
  "macvtap",
  // The drive with what the cloud gives to the server.
  "ata_piix",
  "sr_mod",
  "isofs",
];

/** Copy the wanted drivers and what they need from a kernel's tree, with the order to load them in. */
export async function copyModules(tree: string, release: string, to: string): Promise<void> {
  await runCommand("depmod", ["-b", tree, release]);
  const folder = join(tree, "lib/modules", release);
  const needs = dependencies(await readFile(join(folder, "modules.dep"), "utf8"));
  await mkdir(to, { recursive: true });
  const order: string[] = [];
  for (const wanted of WANTED) {
    const [name = "", ...options] = wanted.split(" ");
    for (const path of [...(needs.get(name) ?? [])].reverse()) {
      const file = basename(path);
      if (order.some((line) => line.split(" ")[0] === file)) continue;
      await copyFile(join(folder, path), join(to, file));
      order.push([file, ...(file === `${name}.ko` ? options : [])].join(" "));
    }
  }
  await writeFile(join(to, "order"), order.map((line) => `${line}\n`).join(""));
}

/** `modules.dep`: by name, the driver's file and, behind it, what has to be loaded before. */
function dependencies(text: string): Map<string, string[]> {
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [path = "", rest = ""] = line.split(":");
        return [basename(path, ".ko"), [path, ...rest.split(" ").filter((name) => name !== "")]];
      }),
  );
}
