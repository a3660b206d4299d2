import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { InputError } from "../base/errors.ts";

/** What a disk says that takes no more. */
const FULL: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left for it",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file is larger than is allowed here",
};

/** Bytes held back before they are written. */
const BUFFER_BYTES = 1 << 18;

export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * A file that is hashed while it is written, so that it need not be read again.
 *
 * Writing is synchronous on purpose: a lab's taps call back thousands of times without ever giving way to the event
 * loop, and a queue of pending writes would then grow with the packets. One buffer is all the memory it takes.
 */
export class HashedFile {
  readonly path: string;
  readonly #fd: number;
  readonly #hash: Hash = createHash("sha256");
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #filled = 0;
  #bytes = 0;
  #digest: FileDigest | null = null;

  /** Fails when the file exists. */
  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, "wx");
  }

  write(data: Uint8Array | string): void {
    if (this.#digest !== null) throw new Error(`${this.path} is closed`);
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (bytes.length > BUFFER_BYTES - this.#filled) this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      this.#put(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  /** Write what is held back and close. Calling it again gives the same answer. */
  close(): FileDigest {
    if (this.#digest !== null) return this.#digest;
    this.#flush();
    closeSync(this.#fd);
    this.#digest = { bytes: this.#bytes, sha256: this.#hash.digest("hex") };
    return this.#digest;
  }

  /** Close without writing what is held back. */
  abandon(): void {
    if (this.#digest !== null) return;
    this.#digest = { bytes: this.#bytes, sha256: "" };
    closeSync(this.#fd);
  }

  #flush(): void {
    if (this.#filled === 0) return;
    this.#put(this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }

  #put(bytes: Uint8Array): void {
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
    } catch (error) {
      const full = FULL[(error as NodeJS.ErrnoException).code ?? ""];
      if (full === undefined) throw error;
      throw new InputError(full, { where: this.path, mend: "make room there, or use --out DIR" });
    }
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
  }
}
