import { open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { runCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";

const MEBI = 1 << 20;
const SECTOR_BYTES = 512;
/** Where the boot partition begins, the usual place. */
const BOOT_AT = MEBI;
const BOOT_BYTES = 24 * MEBI;
const DATA_AT = BOOT_AT + BOOT_BYTES;
const DATA_BYTES = 8 * MEBI;
const NODE_AT = DATA_AT + DATA_BYTES;
const NODE_BYTES = 60 * MEBI;
const CODE_AT = NODE_AT + NODE_BYTES;
const CODE_BYTES = 3 * MEBI;
/** Code in the first sector that starts the active partition; the partition table begins behind it. */
const LOADER_BYTES = 440;
const TABLE_AT = 446;
const FAT16 = 0x0e;
const LINUX = 0x83;

export interface DiskParts {
  /** Where the packages are unpacked. */
  readonly tree: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly bootConfig: string;
  /** Read-only file systems: Node, and the project's code. */
  readonly node: string;
  readonly code: string;
}

/**
 * A disk of 96 MB: a FAT partition with boot loader, kernel and initial file system, an ext4 partition (label `stand-in`) for
 * what the guest keeps, one with Node and one with the project's code. Made without mounting anything, hence without root.
 */
export async function writeDisk(image: string, parts: DiskParts): Promise<void> {
  const { tree, kernel, initrd, bootConfig, node, code } = parts;
  await writeFile(image, "");
  await truncate(image, CODE_AT + CODE_BYTES);
  await writeFirstSector(image, await readFile(join(tree, "usr/lib/SYSLINUX/mbr.bin")));

  const drive = `${image}@@${BOOT_AT}`;
  const mtools = (args: readonly string[]) =>
    runCommand(join(tree, "usr/bin/mtools"), ["-c", ...args], {
      env: { PATH: process.env.PATH ?? "", MTOOLS_SKIP_CHECK: "1" },
    });
  const sectors = BOOT_BYTES / SECTOR_BYTES;
  await mtools([
    "mformat",
    "-i",
    drive,
    "-T",
    `${sectors}`,
    "-h",
    "64",
    "-s",
    "32",
    "-v",
    "BOOT",
    "::",
  ]);
  for (const [from, to] of [
    [kernel, "vmlinuz"],
    [initrd, "initrd"],
    [bootConfig, "syslinux.cfg"],
  ] as const)
    await mtools(["mcopy", "-i", drive, from, `::${to}`]);
  // It calls mtools by the names of its commands.
  await runCommand(join(tree, "usr/bin/syslinux"), ["--offset", `${BOOT_AT}`, "--install", image], {
    env: { PATH: `${join(tree, "usr/bin")}:${process.env.PATH ?? ""}`, MTOOLS_SKIP_CHECK: "1" },
  });

  const data = `${image}.data`;
  await writeFile(data, "");
  await truncate(data, DATA_BYTES);
  await runCommand("mkfs.ext4", ["-q", "-L", "stand-in", "-m", "0", "-O", "^has_journal", data]);
  await copyInto(image, data, DATA_AT);
  await rm(data);
  await copyInto(image, node, NODE_AT, NODE_BYTES);
  await copyInto(image, code, CODE_AT, CODE_BYTES);
}

/** A file of a stand-in's disk, from outside. The guest is off. Rejects with CommandError. */
export async function readFromDisk(image: string, path: string): Promise<string> {
  const { stdout } = await runCommand("debugfs", [
    "-R",
    `cat ${path}`,
    `${image}?offset=${DATA_AT}`,
  ]);
  return stdout;
}

async function writeFirstSector(image: string, code: Uint8Array): Promise<void> {
  const sector = Buffer.alloc(SECTOR_BYTES);
  sector.set(code.subarray(0, LOADER_BYTES));
  partition(sector, 0, { active: true, type: FAT16, at: BOOT_AT, bytes: BOOT_BYTES });
  partition(sector, 1, { active: false, type: LINUX, at: DATA_AT, bytes: DATA_BYTES });
  partition(sector, 2, { active: false, type: LINUX, at: NODE_AT, bytes: NODE_BYTES });
  partition(sector, 3, { active: false, type: LINUX, at: CODE_AT, bytes: CODE_BYTES });
  sector.writeUInt16LE(0xaa55, SECTOR_BYTES - 2);
  await writeAt(image, sector, 0);
}

interface Partition {
  readonly active: boolean;
  readonly type: number;
  readonly at: number;
  readonly bytes: number;
}

/** One of the four entries of the table. The old addresses by cylinder stay at their maximum: nobody reads them. */
function partition(sector: Buffer, index: number, { active, type, at, bytes }: Partition): void {
  const entry = TABLE_AT + 16 * index;
  sector.set([active ? 0x80 : 0, 0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff], entry);
  sector.writeUInt32LE(at / SECTOR_BYTES, entry + 8);
  sector.writeUInt32LE(bytes / SECTOR_BYTES, entry + 12);
}

async function copyInto(
  image: string,
  from: string,
  at: number,
  bytesMax = DATA_BYTES,
): Promise<void> {
  const content = await readFile(from);
  if (content.length > bytesMax) {
    const mebi = Math.ceil(content.length / MEBI);
    throw new LabUnavailableError(`it takes ${mebi} MB, and its partition has ${bytesMax / MEBI}`, {
      where: basename(from),
    });
  }
  await writeAt(image, content, at);
}

async function writeAt(image: string, bytes: Uint8Array, at: number): Promise<void> {
  const file = await open(image, "r+");
  try {
    await file.write(bytes, 0, bytes.length, at);
  } finally {
    await file.close();
  }
}
