import type { Endpoint } from "../../src/base/net.ts";
import type { Scheduled, Scheduler } from "../scheduler.ts";
import type { Segment } from "./segment.ts";
import { TcpConnection } from "./tcp-connection.ts";
import type { TcpSurroundings } from "./tcp-surroundings.ts";

/** Sends a segment between these two endpoints. */
export type SendSegment = (endpoint: TcpEndpoint, segment: Segment) => void;

/** A connection in its host: addresses, a timer, and whoever is told of changes. */
export class TcpEndpoint implements TcpSurroundings {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Called after the connection has changed. */
  onChange: () => void = () => {};
  /** Called once, when the connection is gone. */
  onClosed: () => void = () => {};
  /** Called when the next hop does not answer ARP. */
  onUnreachable: () => void = () => {};
  readonly #scheduler: Scheduler;
  readonly #send: SendSegment;
  #connection: TcpConnection | null = null;
  #timer: Scheduled | null = null;
  #silent = false;
  #gone = false;

  constructor(local: Endpoint, remote: Endpoint, scheduler: Scheduler, send: SendSegment) {
    this.local = local;
    this.remote = remote;
    this.#scheduler = scheduler;
    this.#send = send;
  }

  get connection(): TcpConnection {
    if (this.#connection === null) throw new Error("the connection has not been opened");
    return this.#connection;
  }

  /** Send the SYN; the attempt times out at `giveUpNs`, or when there is no answer to several. */
  open(initial: number, giveUpNs: number): void {
    this.#connection = TcpConnection.connect(this, initial, giveUpNs);
    this.reschedule();
  }

  /** Answer a SYN. */
  answer(initial: number, syn: Segment): void {
    this.#connection = TcpConnection.accept(this, initial, syn);
    this.reschedule();
  }

  /** The power is off: nothing is sent, told or timed any more. */
  silence(): void {
    this.#silent = true;
    if (this.#timer !== null) this.#scheduler.cancel(this.#timer);
    this.#timer = null;
  }

  get silent(): boolean {
    return this.#silent;
  }

  get nowNumber(): number {
    return this.#scheduler.nowNumber;
  }

  send(segment: Segment): void {
    if (!this.#silent) this.#send(this, segment);
  }

  changed(): void {
    if (this.#silent) return;
    if (this.#connection?.state === "closed" && !this.#gone) {
      this.#gone = true;
      this.onClosed();
    }
    this.onChange();
  }

  reschedule(): void {
    if (this.#connection === null || this.#silent) return;
    const { deadlineNs } = this.#connection;
    const timer = this.#timer;
    if (timer !== null) {
      // A deadline that moved on is seen when the timer runs out: cheaper than a new timer for each packet.
      if (deadlineNs >= timer.timeNs && this.#connection.state !== "closed") return;
      this.#scheduler.cancel(timer);
      this.#timer = null;
    }
    if (deadlineNs < Number.POSITIVE_INFINITY) {
      this.#timer = this.#scheduler.at(deadlineNs, expire, this);
    }
  }

  /** The timer has run out. */
  expire(): void {
    this.#timer = null;
    this.#connection?.expire();
  }
}

function expire(endpoint: TcpEndpoint): void {
  endpoint.expire();
}
