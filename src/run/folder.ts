import { rmdirSync, rmSync } from "node:fs";
import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { InputError } from "../base/errors.ts";
import { exists } from "../base/files.ts";
import { RUN_LIMITS } from "../base/limits.ts";
import { sha256 } from "../base/sha256.ts";
import { HashedFile } from "./hashed-file.ts";
import {
  formatManifest,
  MANIFEST_FORMAT,
  MANIFEST_NAME,
  MANIFEST_VERSION,
  type ManifestFile,
  type Provenance,
} from "./manifest.ts";

export interface RunIdentity {
  readonly scenario: string;
  readonly lab: string;
  readonly seed: number;
}

export interface RunFolderOptions extends RunIdentity {
  /** `runs`, or what `--out` says. */
  readonly base: string;
  /** Wall-clock time; only the folder's name has it. */
  readonly startedAt: Date;
}

export interface FinishedRun {
  /** The run folder, seen from the working directory where that is shorter. */
  readonly path: string;
  /** A `latest` link that could not be set, for instance. The run is complete all the same. */
  readonly warnings: readonly string[];
}

/**
 * `BASE/<scenario>/<time>-<lab>-<seed>/`: everything is written into a temporary folder beside it, which gets its name
 * only when the run is finished. Until then, and after a failure, nothing half-written is to be found.
 *
 *     await using folder = await RunFolder.create({ base: RUNS, scenario, lab, seed, startedAt: new Date() });
 *     const events = folder.file("events.jsonl");
 *     ...
 *     const { path } = await folder.finish(provenance, args);
 */
export class RunFolder implements AsyncDisposable {
  readonly identity: RunIdentity;
  /** The folder in which everything is written until `finish`. */
  readonly temporary: string;
  readonly #base: string;
  #name: string;
  /** The outermost folder that was made for this run; undefined when all were there. */
  readonly #firstMade: string | undefined;
  readonly #inputs: ManifestFile[] = [];
  readonly #outputs = new Map<string, HashedFile>();
  #over = false;

  private constructor(
    identity: RunIdentity,
    base: string,
    name: string,
    firstMade: string | undefined,
  ) {
    this.#firstMade = firstMade;
    this.identity = identity;
    this.#base = base;
    this.#name = name;
    this.temporary = temporaryOf(base, identity.scenario, name);
  }

  /**
   * Make the temporary folder, and so find out before any long work whether results can be written at all.
   * Throws InputError when they cannot.
   */
  static async create(options: RunFolderOptions): Promise<RunFolder> {
    const { scenario, lab, seed } = options;
    for (const part of [scenario, lab])
      if (!/^[a-z0-9][a-z0-9-]*$/.test(part) || part === "latest")
        throw new InputError(`${JSON.stringify(part)} cannot name a run folder`);
    const base = resolve(options.base);
    const wanted = `${stamp(options.startedAt)}-${lab}-${seed}`;
    return orRefused(options.base, async () => {
      const firstMade = await mkdir(join(base, scenario), { recursive: true });
      for (let n = 1; n <= RUN_LIMITS.sameSecondMax; n++) {
        const name = numbered(wanted, n);
        if (await exists(join(base, scenario, name))) continue;
        const folder = new RunFolder({ scenario, lab, seed }, base, name, firstMade);
        if (await made(folder.temporary)) return folder;
      }
      throw new InputError(`has ${RUN_LIMITS.sameSecondMax} runs named ${wanted} already`, {
        where: options.base,
      });
    });
  }

  /** A new file of the run, hashed as it is written. `name` may have folders in it, with `/`. */
  file(name: string): HashedFile {
    if (this.#over) throw new Error("the run folder is finished");
    if (name === MANIFEST_NAME || this.#outputs.has(name))
      throw new Error(`${name} is written already`);
    if (!/^[\w-][\w.-]*$/.test(name)) throw new Error(`${name} cannot name a file of a run`);
    const file = new HashedFile(join(this.temporary, name));
    this.#outputs.set(name, file);
    return file;
  }

  writeText(name: string, text: string): void {
    this.file(name).write(text);
  }

  /** Note what the run was made from: a scenario file, a capture, a model. `name` is its base name. */
  input(name: string, digest: { readonly bytes: number; readonly sha256: string }): void {
    this.#inputs.push({ name: basename(name), bytes: digest.bytes, sha256: digest.sha256 });
  }

  /** As `input`, for content that is in memory. */
  inputText(name: string, content: string | Uint8Array): void {
    this.input(name, { bytes: Buffer.byteLength(content), sha256: sha256(content) });
  }

  /** Close every file, write the manifest, give the folder its name, set the links. */
  async finish(provenance: Provenance, args: readonly string[]): Promise<FinishedRun> {
    if (this.#over) throw new Error("the run folder is finished");
    const { scenario, lab, seed } = this.identity;
    const outputs = [...this.#outputs].map(([name, file]) => ({ name, ...file.close() }));
    const manifest = formatManifest({
      format: MANIFEST_FORMAT,
      version: MANIFEST_VERSION,
      scenario,
      lab,
      seed,
      arguments: [...args],
      ...provenance,
      inputs: this.#inputs,
      outputs,
    });
    const file = new HashedFile(join(this.temporary, MANIFEST_NAME));
    file.write(manifest);
    file.close();
    const parent = join(this.#base, scenario);
    await this.#rename(parent);
    this.#over = true;
    const warnings = [
      await link(join(parent, "latest"), this.#name),
      await link(join(this.#base, "latest"), join(scenario, this.#name)),
    ].filter((warning) => warning !== null);
    return { path: shorter(join(parent, this.#name)), warnings };
  }

  /**
   * Remove everything that was written. Does nothing after `finish`. Synchronous, so that it also serves in the moment before
   * a process ends by a signal.
   */
  discard(): void {
    if (this.#over) return;
    this.#over = true;
    for (const file of this.#outputs.values()) file.abandon();
    rmSync(this.temporary, { recursive: true, force: true });
    // Folders that were made for this run go, too, unless another run has put something there meanwhile.
    const first = this.#firstMade;
    if (first === undefined) return;
    let folder = dirname(this.temporary);
    while (removedEmpty(folder) && folder !== first) folder = dirname(folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.discard();
  }

  /** Another process may have taken the name since; rename refuses a folder that has something in it. */
  async #rename(parent: string): Promise<void> {
    const wanted = this.#name;
    for (let n = 1; ; n++) {
      this.#name = numbered(wanted, n);
      try {
        await rename(this.temporary, join(parent, this.#name));
        return;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if ((code !== "ENOTEMPTY" && code !== "EEXIST") || n === RUN_LIMITS.sameSecondMax)
          throw error;
      }
    }
  }
}

function temporaryOf(base: string, scenario: string, name: string): string {
  return join(base, scenario, `.${name}.tmp`);
}

/** `2026-03-01T10-20-30Z`: sorts by time, and no character that a file system refuses. */
function stamp(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
}

function numbered(name: string, n: number): string {
  return n === 1 ? name : `${name}-${n}`;
}

function shorter(path: string): string {
  const seenFromHere = relative(process.cwd(), path);
  return seenFromHere.startsWith("..") ? path : seenFromHere;
}

/** Set a relative link in one step, so that it always points at a whole run. Gives a warning when it cannot be set. */
async function link(path: string, target: string): Promise<string | null> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await rm(temporary, { force: true });
    await symlink(target, temporary, "dir");
    await rename(temporary, path);
    return null;
  } catch (error) {
    await rm(temporary, { force: true });
    return `the link ${shorter(path)} could not be set (${(error as NodeJS.ErrnoException).code})`;
  }
}

/** Make a folder; false when it exists. */
async function made(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Remove a folder; false when there is something in it. */
function removedEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
    return false;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "may not be written",
  EPERM: "may not be written",
  EROFS: "is on a file system that is read-only",
  ENOSPC: "is on a file system that is full",
  ENOTDIR: "is, or leads through, something that is not a folder",
  EEXIST: "is, or leads through, something that is not a folder",
  ENAMETOOLONG: "is too long a name",
};

async function orRefused<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refused(where, error);
  }
}

function refused(where: string, error: unknown): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ""];
  if (reason === undefined) return error;
  return new InputError(`the output folder ${reason}`, {
    where,
    mend: "choose another with --out DIR",
    cause: error,
  });
}
