import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../base/errors.ts";
import { JOB_LIMITS } from "../base/limits.ts";

/** Bytes that were put away. */
export type Kept = Uint8Array | { readonly offset: number; readonly length: number };

/**
 * Puts bytes away that are wanted later: a bounded number in memory, the rest in one temporary file that has no name any
 * more, so that nothing is left behind whatever ends the program.
 */
export class Spill implements Disposable {
  readonly #heldMax: number;
  #held = 0;
  #file: number | null = null;
  #end = 0;

  constructor(heldMax: number = JOB_LIMITS.heldBytesMax) {
    this.#heldMax = heldMax;
  }

  /** Throws InputError where there is no room. */
  keep(bytes: Uint8Array): Kept {
    if (this.#held + bytes.length <= this.#heldMax) {
      this.#held += bytes.length;
      return bytes;
    }
    const kept = { offset: this.#end, length: bytes.length };
    try {
      this.#file ??= nameless();
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#file, bytes, done, bytes.length - done, kept.offset + done);
    } catch (error) {
      throw new InputError(
        `what waits for its turn cannot be kept (${(error as NodeJS.ErrnoException).code})`,
        {
          where: tmpdir(),
          mend: "make room, name another folder in TMPDIR, or use --jobs 1",
          cause: error,
        },
      );
    }
    this.#end += bytes.length;
    return kept;
  }

  /** What was kept; only once. */
  take(kept: Kept): Uint8Array {
    if (kept instanceof Uint8Array) {
      this.#held -= kept.length;
      return kept;
    }
    const bytes = new Uint8Array(kept.length);
    for (let done = 0; done < bytes.length; )
      done += readSync(this.#file as number, bytes, done, bytes.length - done, kept.offset + done);
    return bytes;
  }

  [Symbol.dispose](): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

function nameless(): number {
  const folder = mkdtempSync(join(tmpdir(), "isoreplay-"));
  try {
    return openSync(join(folder, "waiting"), "wx+", 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
