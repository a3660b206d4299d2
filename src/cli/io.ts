import type { Writable } from "node:stream";
import { InputError, IsoreplayError } from "../base/errors.ts";
import { visible } from "../report/markup.ts";

/** Text that may wait before it is written, and the memory for it: what is printed between two looks comes on top. */
const HELD_BYTES = 1 << 16;
const BLOCK_BYTES = 2 * HELD_BYTES;
/** Texts up to this length are written without being measured: UTF-8 has at most three bytes for one unit of a string. */
const SHORT_LENGTH = 1_024;
const NOTHING = Buffer.alloc(0);

/** A stream for text, written in large pieces, no faster than it is read. */
export class Output {
  readonly #stream: Writable;
  /** What waits is `#held[0, #length)`: one block of memory for many small texts. */
  #held = NOTHING;
  #length = 0;
  #closed = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    // What goes wrong comes to the callback of `write`, too; without a listener the event would end the process.
    stream.on("error", () => {});
  }

  /** Nobody reads any more: there is no use in going on. */
  get closed(): boolean {
    return this.#closed;
  }

  print(text: string): void {
    this.#reserve(text.length <= SHORT_LENGTH ? 3 * text.length : Buffer.byteLength(text));
    this.#length += this.#held.write(text, this.#length);
  }

  /** Print text that is encoded already. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#held.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  line(text: string): void {
    this.print(`${text}\n`);
  }

  /** Write what is held once it is much; `settle` often when there are many lines. */
  async settle(): Promise<void> {
    if (this.#length >= HELD_BYTES) await this.flush();
  }

  /** Write what is held, and wait until it is taken. Throws InputError where it cannot be written. */
  async flush(): Promise<void> {
    const block = this.#held;
    const written = block.subarray(0, this.#length);
    this.#held = NOTHING;
    this.#length = 0;
    if (written.length === 0 || this.#closed) return;
    const error = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
      this.#stream.write(written, resolve);
    });
    // Taken: the block is free again, unless there is a new one, or it had to become large.
    if (this.#held === NOTHING && block.length === BLOCK_BYTES) this.#held = block;
    if (error === null || error === undefined) return;
    this.#closed = true;
    // The reader has gone, as `head` does when it has seen enough. That is no error of ours.
    if (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED") return;
    throw new InputError(`cannot be written (${error.code})`, { where: "stdout", cause: error });
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#held.length) return;
    const larger = Buffer.alloc(Math.max(needed, 2 * this.#held.length, BLOCK_BYTES));
    larger.set(this.#held.subarray(0, this.#length));
    this.#held = larger;
  }
}

/** What a command may use of the terminal. */
export interface Io {
  readonly out: Output;
  /** A message on stderr at once: summaries, warnings. */
  note(text: string): void;
  /** A foreseen error, in one line on stderr. */
  complain(error: IsoreplayError): void;
  /** A line that says how far the work is; replaced by the next, gone at the end. Does nothing where no terminal is. */
  progress(text: string | null): void;
  /** What the work has come to: on a terminal as `progress`, elsewhere a line on stderr that stays. */
  step(text: string): void;
  readonly colour: boolean;
  /** Columns of the terminal; null in a pipe. */
  readonly width: number | null;
  /** The command line after the program's name. */
  readonly args: readonly string[];
}

/** The real terminal. */
export function processIo(args: readonly string[]): Io {
  const { stdout, stderr } = process;
  // Nobody reads the messages: the work goes on, and the exit status tells how it went.
  stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  let shown = false;
  const clear = () => {
    if (shown) stderr.write("\r\u001b[K");
    shown = false;
  };
  const note = (text: string) => {
    clear();
    stderr.write(`${text}\n`);
  };
  const progress = (text: string | null) => {
    if (!stderr.isTTY) return;
    clear();
    if (text === null) return;
    stderr.write(visible(text).slice(0, (stderr.columns ?? 80) - 1));
    shown = true;
  };
  return {
    out: new Output(stdout),
    note,
    complain: (error) => note(`isoreplay: ${visible(error.line)}`),
    progress,
    step: (text) => (stderr.isTTY ? progress(text) : note(visible(text))),
    // hasColors heeds NO_COLOR, FORCE_COLOR and TERM=dumb.
    colour: stdout.isTTY === true && stdout.hasColors(),
    width: stdout.isTTY === true ? (stdout.columns ?? 80) : null,
    args,
  };
}

/** Call `work`; a foreseen error is complained of and counted, any other is not ours to hide. */
export async function complaining(io: Io, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof IsoreplayError)) throw error;
    io.complain(error);
    return false;
  }
}
