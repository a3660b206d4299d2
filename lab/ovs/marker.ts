import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { LabUnavailableError } from "../../src/base/errors.ts";

/** IEEE 802's number for local experiments. */
export const MARKER_ETHER_TYPE = 0x88b5;

const FRAME_BYTES = 60;
/** Behind the EtherType: a word that chance does not give, then a number. */
const WORD = Uint8Array.from(Buffer.from("isoreplay-marker"));
const WORD_AT = 14;
const NUMBER_AT = WORD_AT + WORD.length;

/** Real time that the switch has for one batch. */
const PASS_MS_MAX = 20_000;

/**
 * The end of a batch. A port's queue hands packets on one by one and in order, so when a marker that came last leaves
 * through its own port, everything before it is done. That port writes to a FIFO, so that nobody has to look again and
 * again.
 */
export class Marker {
  readonly #socket: Socket;
  readonly #path: string;
  #number = 0;
  #tail = Buffer.alloc(0);
  #waiting: { readonly number: number; readonly done: () => void } | null = null;

  /** `path`: a FIFO that the marker's port will write to. */
  constructor(path: string) {
    this.#path = path;
    // Open for writing, too: so it has a writer from the start, and the stream does not end when the bridge goes.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    this.#socket.on("data", (bytes) => this.#read(bytes));
  }

  /** A frame that tells its own passing from that of all others, in hex, and the promise of its passing. */
  next(): { readonly hex: string; readonly passed: Promise<void> } {
    const number = ++this.#number;
    const frame = Buffer.alloc(FRAME_BYTES);
    frame.writeUInt16BE(MARKER_ETHER_TYPE, 12);
    frame.set(WORD, WORD_AT);
    frame.writeUInt32BE(number, NUMBER_AT);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const deadline = setTimeout(
      () =>
        reject(
          new LabUnavailableError(`a batch was not done within ${PASS_MS_MAX} ms`, {
            where: this.#path,
          }),
        ),
      PASS_MS_MAX,
    );
    this.#waiting = {
      number,
      done: () => {
        clearTimeout(deadline);
        resolve();
      },
    };
    return { hex: frame.toString("hex"), passed: promise };
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    const text = Buffer.concat([this.#tail, bytes]);
    const at = text.lastIndexOf(WORD);
    const whole = at >= 0 && at + WORD.length + 4 <= text.length;
    if (whole && this.#waiting?.number === text.readUInt32BE(at + WORD.length)) {
      this.#waiting.done();
      this.#waiting = null;
    }
    this.#tail = text.subarray(Math.max(0, text.length - FRAME_BYTES));
  }
}
