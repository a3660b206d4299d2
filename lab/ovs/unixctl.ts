import { createConnection, type Socket } from "node:net";
import { InputError, LabUnavailableError } from "../../src/base/errors.ts";

interface Waiting {
  readonly method: string;
  readonly resolve: (text: string) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The control socket of an Open vSwitch daemon: what `ovs-appctl` speaks, without a process for each question. Requests
 * may be sent before earlier ones are answered; the daemon does them in order.
 */
export class Unixctl {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #splitter = new JsonSplitter();
  #id = 0;
  #gone: LabUnavailableError | null = null;
  #why = "the daemon has closed its control socket";

  private constructor(socket: Socket, path: string) {
    this.#socket = socket;

    socket.on("data", (bytes) => {
      for (const text of this.#splitter.push(bytes)) this.#answer(text);
    });
    // What went wrong is told by "close", which always follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#gone = new LabUnavailableError(this.#why, { where: path });
      for (const { reject } of this.#waiting.values()) reject(this.#gone);
      this.#waiting.clear();
    });
  }

  /** `null` where nobody listens (yet). */
  static connect(path: string): Promise<Unixctl | null> {
    return new Promise((resolve) => {
      const socket = createConnection(path);
      socket.once("connect", () => resolve(new Unixctl(socket, path)));
      socket.once("error", () => resolve(null));
    });
  }

  /** Rejects with InputError when the daemon refuses the command, with its words. */
  call(method: string, ...params: readonly string[]): Promise<string> {
    if (this.#gone !== null) return Promise.reject(this.#gone);
    const id = ++this.#id;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.set(id, { method, resolve, reject });
    this.#socket.write(JSON.stringify({ id, method, params }));
    return promise;
  }

  /** `why`: what whoever still waits for an answer is told. */
  close(why = "the control socket was closed"): void {
    this.#why = why;
    this.#socket.destroy();
  }

  #answer(text: string): void {
    const { id, result, error } = JSON.parse(text) as {
      id: number;
      result: unknown;
      error: unknown;
    };
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (error === null) waiting.resolve(String(result));
    else
      waiting.reject(
        new InputError(String(error).trim().replaceAll("\n", " "), { where: waiting.method }),
      );
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** A stream of JSON objects that follow each other without a separator. */
export class JsonSplitter {
  #pieces: Uint8Array[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** The objects that are complete with these bytes. */
  push(bytes: Uint8Array): string[] {
    const whole: string[] = [];
    let start = 0;
    for (let i = 0; i < bytes.length; i++) {
      const c = bytes[i]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (c === BACKSLASH) this.#escaped = true;
        else if (c === QUOTE) this.#inString = false;
      } else if (c === QUOTE) this.#inString = true;
      else if (c === OPEN) this.#depth++;
      else if (c === CLOSE && --this.#depth === 0) {
        this.#pieces.push(bytes.subarray(start, i + 1));
        whole.push(Buffer.concat(this.#pieces).toString("utf8"));
        this.#pieces = [];
        start = i + 1;
      }
    }
    if (start < bytes.length) this.#pieces.push(bytes.slice(start));
    return whole;
  }
}
