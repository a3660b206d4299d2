import { chmod, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";

const DOWNLOAD_MS_MAX = 180_000;
/** The package that always names the newest kernel for clouds. */
const KERNEL = "linux-image-cloud-amd64";
/** What the image is made of and made with; nothing is installed on this machine. */
const OTHERS = ["busybox-static", "syslinux", "mtools", "squashfs-tools", "liblzo2-2"];

/** Package names with versions: what the distribution would give now. */
export async function candidates(): Promise<string[]> {
  const packages = [await kernelPackage(), ...OTHERS];
  const { stdout } = await runCommand("apt-cache", ["policy", ...packages]);
  const versions = [...stdout.matchAll(/^ {2}Candidate: (\S+)/gm)].map(([, version]) => version);
  if (versions.length !== packages.length || versions.includes("(none)")) {
    throw new LabUnavailableError(`the distribution does not offer all of ${packages.join(", ")}`, {
      where: "apt",
      mend: "sudo apt-get update",
    });
  }
  return packages.map((name, index) => `${name}=${versions[index]}`);
}

/** Fetch packages (`name=version`) and unpack them all into one folder. Rejects with CommandError. */
export async function unpackPackages(packages: readonly string[], folder: string): Promise<void> {
  const archives = join(folder, "archives");
  await mkdir(archives, { recursive: true });
  // apt fetches as a user of its own, which has to get here.
  await chmod(folder, 0o755);
  await runCommand("apt-get", ["download", "-q", ...packages], {
    cwd: archives,
    timeoutMs: DOWNLOAD_MS_MAX,
  });
  for (const name of await readdir(archives))
    await runCommand("dpkg-deb", ["--extract", join(archives, name), folder]);
}

/** The package with the kernel itself, which the one without a version in its name depends on. */
async function kernelPackage(): Promise<string> {
  const { stdout } = await runCommand("apt-cache", ["depends", KERNEL]);
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (name === undefined) {
    throw new LabUnavailableError(`the distribution does not offer ${KERNEL}`, {
      where: "apt",
      mend: "sudo apt-get update",
    });
  }
  return name;
}
