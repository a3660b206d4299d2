import { access, constants, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type RunningCommand, runCommand, startCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import type { GuestImage } from "./image.ts";
import { INIT_PATH } from "./recipe.ts";

/** Room for what a job leaves; the file is sparse. */
const RESULT_BYTES_MAX = 512 << 20;
const CPUS = 2;
/** Translated code that QEMU keeps, in MiB. Without a bound it takes a gigabyte. */
const TRANSLATION_MIB = 256;

export interface GuestJob {
  /** The job's disk, as `packJob` makes it. */
  readonly disk: string;
  readonly memoryMiB: number;
  readonly timeoutMs: number;
  /** What the job says, line by line. */
  readonly onLine: (line: string) => void;
}

export interface GuestResult {
  /** The exit status of the job's script. */
  readonly status: number;
  /** The folder with what the job left. */
  readonly left: string;
  /** As `uname -r` gives it. */
  readonly kernel: string;
  /** From the start of the kernel to the start of the job, by the guest's clock. */
  readonly bootS: number;
  /** From the start of QEMU to its end, by this machine's clock. */
  readonly totalS: number;
  /** The most memory that QEMU had, in MiB. */
  readonly memoryMiB: number;
  readonly isAccelerated: boolean;
}

/**
 * Boot the guest, let it do a job, and take what it leaves. `folder` is the caller's, and empty. QEMU dies with this process.
 * Throws LabUnavailableError when the guest does not end in time, or ends without a result.
 */
export async function runGuest(
  image: GuestImage,
  job: GuestJob,
  folder: string,
): Promise<GuestResult> {
  const result = join(folder, "result.tar");
  const spoken = join(folder, "console.log");
  const left = join(folder, "left");
  await mkdir(left);
  await writeFile(result, "");
  await truncate(result, RESULT_BYTES_MAX);
  const isAccelerated = await canAccelerate();
  const began = performance.now();
  const qemu = await startCommand("setpriv", [
    ...["--pdeathsig", "KILL", "qemu-system-x86_64"],
    ...machine(isAccelerated, job.memoryMiB),
    ...["-kernel", image.kernel, "-initrd", image.initrd, "-append", kernelCommandLine()],
    ...disk(image.root, "readonly=on"),
    ...disk(job.disk, "readonly=on"),
    ...disk(result, "cache=unsafe"),
    ...["-serial", `file:${spoken}`, "-serial", "stdio"],
  ]);
  createInterface({ input: qemu.stdout }).on("line", job.onLine);
  const memory = watchMemory(qemu);
  const overdue = setTimeout(() => qemu.kill("SIGKILL"), job.timeoutMs);
  const status = await qemu.ended;
  clearTimeout(overdue);
  const totalS = (performance.now() - began) / 1000;
  if (status !== 0) {
    const why = status === null ? `did not end within ${job.timeoutMs / 1000} s` : "failed";
    throw new LabUnavailableError(`the guest ${why}: ${qemu.complaint()}`, {
      where: "qemu-system-x86_64",
    });
  }
  await unpack(result, left, spoken);
  const text = async (name: string) => (await readFile(join(left, name), "utf8")).trim();
  return {
    status: Number(await text("status")),
    left,
    kernel: await text("kernel"),
    bootS: Number(await text("boot-seconds")),
    totalS,
    memoryMiB: memory(),
    isAccelerated,
  };
}

function machine(isAccelerated: boolean, memoryMiB: number): string[] {
  const accelerator = isAccelerated
    ? ["-accel", "kvm", "-cpu", "host"]
    : ["-accel", `tcg,thread=multi,tb-size=${TRANSLATION_MIB}`, "-cpu", "qemu64"];
  return [
    ...["-M", "pc", ...accelerator, "-smp", String(CPUS), "-m", String(memoryMiB)],
    ...["-nodefaults", "-display", "none", "-nic", "none", "-no-reboot"],
    ...["-device", "virtio-rng-pci"],
  ];
}

function disk(file: string, how: string): string[] {
  return ["-drive", `file=${file.replaceAll(",", ",,")},format=raw,if=virtio,${how}`];
}

/** No mitigations: the guest has nobody to protect itself from, and is translated instruction by instruction. */
function kernelCommandLine(): string {
  const root = `root=/dev/vda rootfstype=ext2 ro init=${INIT_PATH}`;
  return `console=ttyS0 quiet panic=-1 mitigations=off ${root}`;
}

/** A `/dev/kvm` may be there, and answer, where the processor cannot do it: such a guest never moves. */
async function canAccelerate(): Promise<boolean> {
  try {
    await access("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  return /^flags\s*:.*\b(?:vmx|svm)\b/m.test(await readFile("/proc/cpuinfo", "utf8"));
}

/** Looks at the process once a second; gives the peak that the kernel has noted, in MiB. */
function watchMemory({ pid, ended }: RunningCommand): () => number {
  let peakMiB = 0;
  const look = async () => {
    try {
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      peakMiB = Math.round(Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024) || peakMiB;
    } catch {
      // It has ended: the last figure stays.
    }
  };
  const timer = setInterval(look, 1000);
  void ended.then(() => clearInterval(timer));
  return () => peakMiB;
}

async function unpack(result: string, left: string, spoken: string): Promise<void> {
  try {
    await runCommand("tar", ["-xf", result, "--no-same-owner", "-C", left]);
    await access(join(left, "status"));
  } catch (error) {
    const last = (await readFile(spoken, "utf8")).trim().split("\n").slice(-3).join(" | ");
    throw new LabUnavailableError(`the guest ended without a result: ${last}`, {
      where: "guest",
      cause: error,
    });
  }
}
