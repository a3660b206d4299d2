import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The one release whose kernel and packages the guest is built from, whatever the machine runs. */
const SUITE = "bookworm";

const PACKAGES = [
  "linux-image-cloud-amd64",
  "initramfs-tools",
  "kmod",
  "mount",
  "procps",
  "openvswitch-switch",
  "mininet",
  "iproute2",
  "ethtool",
  "conntrack",
  "e2fsprogs",
  "python3",
];

/** All that a first process needs of an initial file system: the disks, and a place over them. */
const MODULES = ["virtio_pci", "virtio_blk", "overlay"];

const INIT = fileURLToPath(new URL("init.sh", import.meta.url));
/** Where the guest has it. */
export const INIT_PATH = "/usr/sbin/isoreplay-init";

/** Names of the three files that a built guest consists of. */
export const FILES = { kernel: "vmlinuz", initrd: "initrd", root: "root.ext2" } as const;

/** The arguments of `mmdebstrap` that leave the three files in the folder in which it is run. */
export function recipe(): string[] {
  const shell = (...lines: string[]) => lines.join(" && ");
  const unread = ["doc", "locale", "man"].map((name) => `path-exclude=/usr/share/${name}/*`);
  return [
    "--variant=essential",
    `--include=${PACKAGES.join(",")}`,
    '--aptopt=Apt::Install-Recommends "false"',
    ...unread.map((line) => `--dpkgopt=${line}`),
    // Before the kernel comes: its initial file system then holds what is named, and needs no udev to load it.
    `--essential-hook=${shell(
      'mkdir -p "$1/etc/initramfs-tools/conf.d"',
      'echo MODULES=list > "$1/etc/initramfs-tools/conf.d/isoreplay"',
      `printf '%s\\n' ${MODULES.join(" ")} > "$1/etc/initramfs-tools/modules"`,
    )}`,
    `--customize-hook=upload ${INIT} ${INIT_PATH}`,
    `--customize-hook=${shell(
      `chmod 755 "$1${INIT_PATH}"`,
      'rm -f "$1/boot/vmlinuz" "$1/boot/initrd.img"',
      `mv "$1"/boot/vmlinuz-* "$1/boot/${FILES.kernel}"`,
      `mv "$1"/boot/initrd.img-* "$1/boot/${FILES.initrd}"`,
    )}`,
    ...[FILES.kernel, FILES.initrd].map(
      (name) => `--customize-hook=download /boot/${name} ${name}`,
    ),
    '--customize-hook=rm -r "$1/boot"',
    SUITE,
    FILES.root,
  ];
}

/** Names what is built: the same recipe and the same first process give the same guest. */
export function recipeHash(): string {
  const hash = createHash("sha256").update(readFileSync(INIT));
  // The path of the project is no part of it.
  for (const argument of recipe()) hash.update(`${argument.replace(INIT, "")}\0`);
  return hash.digest("hex").slice(0, 16);
}
