import { createServer, type Server, type Socket } from "node:net";
import { LabUnavailableError } from "../../src/base/errors.ts";

/** IEEE 802's number for local experiments. */
export const MARKER_ETHER_TYPE = 0x88b5;

const FRAME_BYTES = 60;
/** Behind the EtherType: a word that chance does not give, then a number. */
const WORD = Uint8Array.from(Buffer.from("isoreplay-marker"));
const WORD_AT = 14;
const NUMBER_AT = WORD_AT + WORD.length;

/** Real time that the switch has for one batch, and for connecting. */
const PASS_MS_MAX = 20_000;
const CONNECT_MS_MAX = 10_000;

/**
 * The end of a batch. A port's queue hands packets on one by one and in order, so when a marker that came last leaves
 * through its own port, everything before it is done. That port is a stream to us, so that nobody has to look again and
 * again.
 */
export class Marker {
  readonly #server: Server;
  readonly #socket: Promise<Socket>;
  readonly #path: string;
  #number = 0;
  #tail = Buffer.alloc(0);
  #waiting: { readonly number: number; readonly done: () => void } | null = null;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
    const { promise, resolve } = Promise.withResolvers<Socket>();
    this.#socket = promise;
    server.on("connection", (socket) => {
      socket.on("data", (bytes) => this.#read(bytes));
      // The switch went away; whoever waits for a marker is told by its deadline.
      socket.on("error", () => {});
      resolve(socket);
    });
  }

  /** Listens at `path`, which the marker's port is told (`options:stream=unix:PATH`). */
  static async listen(path: string): Promise<Marker> {
    const server = createServer();
    const marker = new Marker(server, path);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    return marker;
  }

  /** Resolves when the port has connected. */
  async connected(): Promise<void> {
    await within(CONNECT_MS_MAX, this.#socket, "the marker's port did not connect", this.#path);
  }

  /** A frame that passes as a marker does, and that nobody waits for. */
  readonly filler = markerHex(0);

  /** A frame that tells its own passing from that of all others, in hex, and how to wait for it. */
  next(): { readonly hex: string; readonly passed: () => Promise<void> } {
    const number = ++this.#number;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { number, done: resolve };
    return {
      hex: markerHex(number),
      passed: () => within(PASS_MS_MAX, promise, "a batch was not done", this.#path),
    };
  }

  close(): void {
    this.#server.close();
    this.#socket.then((socket) => socket.destroy());
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

function markerHex(number: number): string {
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.writeUInt16BE(MARKER_ETHER_TYPE, 12);
  frame.set(WORD, WORD_AT);
  frame.writeUInt32BE(number, NUMBER_AT);
  return frame.toString("hex");
}

async function within<T>(
  ms: number,
  promise: Promise<T>,
  failure: string,
  where: string,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const deadline = setTimeout(
    () => reject(new LabUnavailableError(`${failure} within ${ms} ms`, { where })),
    ms,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(deadline);
  }
}
