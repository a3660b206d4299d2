import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Volume } from "../../src/host/guest.ts";
import { variableName } from "../command/shell.ts";
import { formatVolume, volumeFile, writeVolume } from "../host/volume-file.ts";
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
    const { runner } = this.#capsule;
    const image = this.#image(host);
    await this.reserve(host);
    const plain = join(this.#folder, host, "content");
    await runner.act(["mkdir", plain], () => mkdir(plain));
    const file = volumeFile(plain);
    await runner.act(["sh", "-c", `echo '${formatVolume(volume)}' > ${file}`], () =>
      writeVolume(plain, volume),
    );
    await runner.act(["truncate", "-s", String(IMAGE_BYTES), image], async () => {
      await writeFile(image, "");
      await truncate(image, IMAGE_BYTES);
    });
    // The content is copied in while the file system is made, so that nothing needs to be mounted for it.
    await this.#capsule.run(["mkfs.ext4", "-q", "-d", plain, image]);
  }

  /** Make the place for a disk that comes later. */
  async reserve(host: string): Promise<void> {
    const point = this.#mountPoint(host);
    await this.#capsule.runner.act(["mkdir", "-p", point], async () => {
      await mkdir(point, { recursive: true });
    });
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
    const [image, place] = [this.#image(from), this.#image(to)];
    await this.#capsule.runner.act(["mv", image, place], () => rename(image, place));
  }

  /** A snapshot of one instance's disk becomes the disk of the other; the first is deleted. Both are off. */
  async migrate(from: string, to: string): Promise<void> {
    const { runner } = this.#capsule;
    const [image, place] = [this.#image(from), this.#image(to)];
    await runner.act(["cp", image, place], () => copyFile(image, place));
    await runner.act(["rm", image], () => rm(image));
  }

  /** SHA-256 of the image file. */
  async hash(host: string): Promise<string> {
    const image = this.#image(host);
    const hash = `HASH_${variableName(host)}`;
    return this.#capsule.runner.learn(hash, `$(sha256sum ${image} | cut -d' ' -f1)`, async () => {
      const sum = createHash("sha256");
      await pipeline(createReadStream(image), sum);
      return sum.digest("hex");
    });
  }

  #image(host: string): string {
    return join(this.#folder, host, "volume.img");
  }

  #mountPoint(host: string): string {
    return join(this.#folder, host, "mnt");
  }
}
