import type { RunningCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import { EXECUTE, type Runner } from "../command/runner.ts";
import { PACKETS_SCRIPT, PYTHON, sendRecord } from "./packet-socket.ts";

const HEADER_BYTES = 14;
/** The interface index of the record that says that the capture has begun. */
const BEGUN = 255;
/** Asks how many frames were lost so far, and is answered after everything that was seen before. */
const QUESTION = 254;

/** A frame seen at the switch's side of a link. */
export interface TappedFrame {
  /** Index of the interface in the list that was given. */
  readonly index: number;
  readonly towards: "bridge" | "device";
  /** Of the real-time clock. */
  readonly timeNs: bigint;
  readonly bytes: Uint8Array;
}

/**
 * Sees every frame that passes interfaces, in both directions, with the kernel's time stamps. It stands beside the
 * switch, not in it: no mirror and no rule, so there is nothing of it to take away again.
 */
export class Tap {
  readonly #command: RunningCommand;
  readonly #onFrame: (frame: TappedFrame) => void;
  readonly #read: Promise<void>;
  readonly #begun = Promise.withResolvers<void>();
  readonly #asked: { resolve: (lost: number) => void; reject: (error: Error) => void }[] = [];
  #isOver = false;
  #rest = new Uint8Array(0);

  private constructor(command: RunningCommand, onFrame: (frame: TappedFrame) => void) {
    this.#command = command;
    this.#onFrame = onFrame;
    this.#read = this.#readAll();
  }

  /** `inside` makes the command line that runs in the right namespace. Resolves when nothing is missed any more. */
  static async start(
    inside: (args: readonly string[]) => [string, ...string[]],
    env: Readonly<Record<string, string>>,
    interfaces: readonly string[],
    onFrame: (frame: TappedFrame) => void,
    runner: Runner = EXECUTE,
  ): Promise<Tap> {
    const [file, ...args] = inside([PYTHON, PACKETS_SCRIPT, ...interfaces]);
    const says = Uint8Array.from({ length: HEADER_BYTES }, (_, i) => (i === 0 ? BEGUN : 0));
    const options = { name: "TAP", env, standIn: { says } };
    const tap = new Tap(await runner.start(file, args, options), onFrame);
    await tap.#begun.promise;
    return tap;
  }

  /**
   * Resolves when every frame that has passed so far was handed over, with the number of those that the kernel dropped
   * before they could be read: each one is a gap in the evidence. Rejects with LabUnavailableError when the capture died.
   */
  drained(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    if (this.#isOver) reject(this.#death());
    else {
      this.#asked.push({ resolve, reject });
      this.#command.stdin.write(sendRecord(QUESTION, new Uint8Array(0)));
    }
    return promise;
  }

  /** Send a frame through one of the interfaces. */
  send(index: number, frame: Uint8Array): void {
    this.#command.stdin.write(sendRecord(index, frame));
  }

  async stop(): Promise<void> {
    this.#command.stdin.end();
    await this.#read;
    await this.#command.ended;
  }

  async #readAll(): Promise<void> {
    for await (const bytes of this.#command.stdout) this.#take(bytes as Uint8Array);
    // Whoever still waits has to hear of it.
    this.#isOver = true;
    this.#begun.reject(this.#death());
    for (const { reject } of this.#asked) reject(this.#death());
  }

  #death(): LabUnavailableError {
    return new LabUnavailableError(`a capture died: ${this.#command.complaint()}`);
  }

  #take(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#rest.length + bytes.length);
    joined.set(this.#rest);
    joined.set(bytes, this.#rest.length);
    const view = new DataView(joined.buffer);
    let at = 0;
    while (joined.length - at >= HEADER_BYTES) {
      const length = view.getUint32(at + 10, true);
      if (joined.length - at < HEADER_BYTES + length) break;
      const index = view.getUint8(at);
      if (index === BEGUN) this.#begun.resolve();
      else if (index === QUESTION)
        this.#asked.shift()?.resolve(Number(view.getBigUint64(at + 2, true)));
      else {
        this.#onFrame({
          index,
          towards: view.getUint8(at + 1) === 1 ? "device" : "bridge",
          timeNs: view.getBigUint64(at + 2, true),
          bytes: joined.slice(at + HEADER_BYTES, at + HEADER_BYTES + length),
        });
      }
      at += HEADER_BYTES + length;
    }
    this.#rest = joined.slice(at);
  }
}
