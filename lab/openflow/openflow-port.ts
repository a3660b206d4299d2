import { createConnection, type Socket } from "node:net";
import type { Timers } from "../../src/base/clock.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import type { PacketPort } from "../../src/base/packet-port.ts";
import { Channel } from "../../src/openflow/channel.ts";
import type { DropRule } from "../../src/openflow/flow-mod.ts";

/** Real time between two attempts to reach a switch that does not answer. */
const RETRY_MS = 50;
/** What may wait for a switch that is slower than its guests; beyond, frames are lost, as in the queue of a real port. */
const WAITING_BYTES_MAX = 4 << 20;

export interface OpenFlowPortOptions {
  /** The bridge's management socket (`<rundir>/<bridge>.mgmt`). */
  readonly path: string;
  /** The lab's time, for whoever holds the port. */
  readonly timers: Timers;
  /** How long the first connection may take, milliseconds of real time. */
  readonly connectMsMax: number;
  /** The connection that stood has broken; the port tries to get it back. */
  readonly onDown?: () => void;
  /** Whoever takes the port's frames has thrown. Without it the error is thrown on, out of the socket's event. */
  readonly onFailure?: (error: unknown) => void;
}

/** What happened to a port's frames and to its connection. */
export interface OpenFlowPortCounts {
  in: number;
  out: number;
  /** Frames that could not be sent because the switch was away, or took no more: lost, as on a cable that is pulled. */
  lost: number;
  /** Times that the connection broke and was made again. */
  reconnects: number;
  /** Messages that the switch refused. */
  refused: number;
}

/**
 * A bridge's CONTROLLER port over its unix socket: what a rule sends to CONTROLLER comes in, what is sent goes through
 * the tables with `in_port=CONTROLLER`. There is no listening socket and no interface, so a specimen has nothing to
 * reach. When the switch goes away the port tries to get back; until then frames are lost, and none goes elsewhere.
 */
export class OpenFlowPort implements PacketPort {
  readonly timers: Timers;
  readonly counts: OpenFlowPortCounts = { in: 0, out: 0, lost: 0, reconnects: 0, refused: 0 };
  readonly #options: OpenFlowPortOptions;
  #handler: (frame: Uint8Array) => void = () => {};
  #socket: Socket | null = null;
  #channel: Channel | null = null;
  #retry: NodeJS.Timeout | null = null;
  #onReady: () => void = () => {};
  #wasReady = false;
  #closed = false;
  /** Whoever waits for the switch's answer on the connection that stands. */
  readonly #waiting = new Set<() => void>();

  private constructor(options: OpenFlowPortOptions) {
    this.#options = options;
    this.timers = options.timers;
  }

  /** A port that has no connection and tries for none: what is sent is lost. */
  static unconnected(options: OpenFlowPortOptions): OpenFlowPort {
    return new OpenFlowPort(options);
  }

  /** Rejects with LabUnavailableError when the switch does not complete the handshake in time. */
  static async connect(options: OpenFlowPortOptions): Promise<OpenFlowPort> {
    const port = new OpenFlowPort(options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const deadline = setTimeout(() => {
      port.close();
      reject(
        new LabUnavailableError(
          `the switch did not take an OpenFlow connection within ${options.connectMsMax} ms`,
          { where: options.path, mend: "is ovs-vswitchd running, and does the bridge exist?" },
        ),
      );
    }, options.connectMsMax);
    port.#onReady = resolve;
    port.#dial();
    try {
      await promise;
    } finally {
      clearTimeout(deadline);
    }
    return port;
  }

  /** Whether there is a connection to the switch. */
  get isUp(): boolean {
    return this.#channel !== null;
  }

  send(frame: Uint8Array): void {
    if (this.#channel === null || (this.#socket?.writableLength ?? 0) > WAITING_BYTES_MAX) {
      this.counts.lost++;
      return;
    }
    this.counts.out++;
    this.#channel.packetOut(frame);
  }

  onFrame(handler: (frame: Uint8Array) => void): void {
    this.#handler = handler;
  }

  /** Put rules in force that drop something. Resolves when they are, or when there is no connection. */
  async drop(rules: readonly DropRule[]): Promise<void> {
    for (const rule of rules) this.#channel?.drop(rule);
    await this.barrier();
  }

  /** Resolves when the switch has done everything that was sent before, or when there is no connection (any more). */
  barrier(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#channel === null) return Promise.resolve();
    const done = () => {
      this.#waiting.delete(done);
      resolve();
    };
    this.#waiting.add(done);
    this.#channel.barrier(done);
    return promise;
  }

  close(): void {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#socket?.destroy();
    this.#gone();
  }

  #hand(frame: Uint8Array): void {
    const { onFailure } = this.#options;
    if (onFailure === undefined) {
      this.#handler(frame);
      return;
    }
    try {
      this.#handler(frame);
    } catch (error) {
      onFailure(error);
    }
  }

  #gone(): void {
    this.#channel = null;
    for (const done of [...this.#waiting]) done();
  }

  #dial(): void {
    const socket = createConnection(this.#options.path);
    this.#socket = socket;
    const channel = new Channel({
      send: (bytes) => socket.write(bytes),
      onPacketIn: ({ bytes }) => {
        this.counts.in++;
        this.#hand(bytes);
      },
      onReady: () => {
        this.#channel = channel;
        if (this.#wasReady) this.counts.reconnects++;
        this.#wasReady = true;
        this.#onReady();
      },
      onError: () => {
        this.counts.refused++;
      },
    });
    socket.on("connect", () => channel.open());
    socket.on("data", (bytes) => {
      try {
        channel.receive(bytes);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        // Not a switch that we understand: begin anew, and give up only at the deadline of whoever waits.
        this.counts.refused++;
        socket.destroy();
      }
    });
    // What went wrong is told by "close", which always follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      const stood = this.#channel === channel;
      this.#gone();
      if (stood && !this.#closed) this.#options.onDown?.();
      if (!this.#closed) this.#retry = setTimeout(() => this.#dial(), RETRY_MS);
    });
  }
}
