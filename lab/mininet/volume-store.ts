import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Volume } from "../../src/host/guest.ts";
import { writeVolume } from "../host/volume-file.ts";
import type { Capsule } from "./capsule.ts";

/** Enough for ext4 and a cookie jar. */
const IMAGE_BYTES = 2 << 20;

/**
 * Guests' disks: one ext4 image file each, mounted through a loop device, inside the capsule, while its host is on. An
 * image lies in the folder of the instance that it is attached to.
 */
export class VolumeStore {
  readonly #capsule: Capsule;
  readonly #folder: string;

  constructor(capsule: Capsule, folder: string) {
    this.#capsule = capsule;
    this.#folder = folder;
  }

  /** Make an instance's disk, with the guest's state on it. */
  async create(host: string, volume: Volume): Promise<void> {
    const image = this.#image(host);
    await mkdir(this.#mountPoint(host), { recursive: true });
    const plain = join(this.#folder, host, "content");
    await mkdir(plain);
    writeVolume(plain, volume);
    await writeFile(image, "");
    await truncate(image, IMAGE_BYTES);
    // The content is copied in while the file system is made, so that nothing needs to be mounted for it.
    await this.#capsule.run(["mkfs.ext4", "-q", "-d", plain, image]);
  }

  /** Make the place for a disk that comes later. */
  async reserve(host: string): Promise<void> {
    await mkdir(this.#mountPoint(host), { recursive: true });
  }

  /** Where the guest finds its disk. */
  async mount(host: string): Promise<string> {
    const point = this.#mountPoint(host);
    await this.#capsule.run(["mount", "-o", "loop,sync", this.#image(host), point]);
    return point;
  }

  async unmount(host: string): Promise<void> {
    await this.#capsule.run(["umount", this.#mountPoint(host)]);
  }

  /** Detach from one instance, attach to the other. Both are off. */
  async move(from: string, to: string): Promise<void> {
    await rename(this.#image(from), this.#image(to));
  }

  /** A snapshot of one instance's disk becomes the disk of the other; the first is deleted. Both are off. */
  async migrate(from: string, to: string): Promise<void> {
    await copyFile(this.#image(from), this.#image(to));
    await rm(this.#image(from));
  }

  /** SHA-256 of the image file. */
  async hash(host: string): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(this.#image(host)), hash);
    return hash.digest("hex");
  }

  #image(host: string): string {
    return join(this.#folder, host, "volume.img");
  }

  #mountPoint(host: string): string {
    return join(this.#folder, host, "mnt");
  }
}
