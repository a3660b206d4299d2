import type { Timers } from "../base/clock.ts";
import { REPLAY_LIMITS } from "../base/limits.ts";
import { NO_BYTES } from "../wire/bytes.ts";
import { Deadline } from "./deadline.ts";
import type { ReplayEvent } from "./event.ts";
import { ReceiveQueue } from "./receive-queue.ts";
import { ACK, FIN, PSH, RST, type Segment, SYN } from "./segment.ts";
import { Sender } from "./sender.ts";
import { advance, distance } from "./sequence.ts";

/** What is offered to the bot: everything is read at once, so the window never shrinks. No scaling. */
const WINDOW = 65_535;

/** What a connection needs from its surroundings. */
export interface Surroundings {
  readonly timers: Timers;
  /** The largest payload that fits into one segment on this link. */
  readonly mss: number;
  send(segment: Segment): void;
  count(event: ReplayEvent): void;
  /** The bot's bytes, in order. */
  received(bytes: Uint8Array): void;
  /** The bot has closed its side. */
  receivedEnd(): void;
  /** It is over. `orderly`: both sides were closed; a late segment may still come. */
  over(orderly: boolean): void;
}

type State = "half-open" | "open" | "over";

/**
 * The server's side of one TCP connection (RFC 9293), without a socket: segments in, segments out. Bytes to send are
 * handed over by `write` and `end`. Offsets count the stream's bytes from 0, so that sequence numbers wrap only here.
 */
export class ReplayedConnection {
  readonly #around: Surroundings;
  readonly #deadline: Deadline;
  readonly #receiver = new ReceiveQueue();
  readonly #sender: Sender;
  /** Initial sequence numbers: the bot's and ours. */
  readonly #botInitial: number;
  readonly #initial: number;
  #state: State = "half-open";
  #handshakes = 0;
  /** The offset of the bot's FIN, once it is known. */
  #botEnd: number | null = null;
  #isBotDone = false;
  #ackIsDue = false;
  #isWriting = false;

  /** Answers the SYN at once. `initial` is this side's initial sequence number. */
  constructor(syn: Segment, initial: number, around: Surroundings) {
    this.#around = around;
    this.#botInitial = syn.sequence;
    this.#initial = initial;
    this.#deadline = new Deadline(around.timers, () => this.#timedOut());
    this.#sender = new Sender(syn, around, (offset, bytes, isEnd) =>
      this.#send(ACK | (bytes.length > 0 ? PSH : 0) | (isEnd ? FIN : 0), offset, bytes),
    );
    this.#sendHandshake();
  }

  /** What a segment of the bot does. */
  receive(segment: Segment): void {
    if (this.#state === "over") return;
    const { flags } = segment;
    if ((flags & RST) !== 0) this.#receiveReset(segment);
    else if ((flags & SYN) !== 0) this.#receiveSyn(segment);
    else if ((flags & ACK) === 0) this.#around.count("challenged");
    else if (this.#state === "open" || this.#complete(segment)) this.#receiveOpen(segment);
  }

  #receiveOpen(segment: Segment): void {
    const offset = this.#offsetOf(segment.sequence);
    const acknowledged =
      this.#sender.start + distance(this.#sequenceOf(this.#sender.start), segment.acknowledgement);
    const fits = offset <= this.#receiver.next + WINDOW;
    if (!fits || !this.#sender.acknowledge(acknowledged, offset, segment)) {
      this.#challenge();
      return;
    }
    this.#isWriting = true;
    this.#receiveBytes(segment, offset);
    this.#isWriting = false;
    this.#proceed();
  }

  /** Queue bytes for the bot. They are sent as far as its window allows. */
  write(bytes: Uint8Array): void {
    if (this.#state === "over") return;
    this.#sender.push(bytes);
    if (!this.#isWriting) this.#proceed();
  }

  /** Close this side after what was written. */
  end(): void {
    if (this.#state === "over") return;
    this.#sender.end();
    if (!this.#isWriting) this.#proceed();
  }

  /** Pieces that were written and are not yet acknowledged. */
  get queued(): number {
    return this.#sender.queued;
  }

  get hasEnded(): boolean {
    return this.#sender.hasEnded;
  }

  /** The segment that answers one that comes after the orderly end. */
  lastAcknowledgement(): Segment {
    return this.#segment(ACK, this.#sender.past, NO_BYTES);
  }

  /** Break the connection off with a RST. */
  abort(event: ReplayEvent): void {
    if (this.#state === "over") return;
    this.#around.count(event);
    this.#around.send(this.#segment(RST | ACK, this.#sender.past, NO_BYTES));
    this.#finish(false);
  }

  /** Forget the connection without a word. */
  forget(): void {
    this.#state = "over";
    this.#deadline.cancel();
    this.#receiver.clear();
    this.#sender.clear();
  }

  #receiveReset(segment: Segment): void {
    const offset = this.#offsetOf(segment.sequence);
    // Only the exact place resets, RFC 5961 §3.2; a RST elsewhere in the window is asked again.
    if (offset === this.#received()) {
      this.#around.count("connection-reset");
      this.#finish(false);
    } else if (offset > this.#received() && offset <= this.#received() + WINDOW) this.#challenge();
    else this.#around.count("duplicate-segment");
  }

  #receiveSyn(segment: Segment): void {
    const isSame = segment.sequence === this.#botInitial && (segment.flags & ACK) === 0;
    if (isSame && this.#state === "half-open") {
      this.#around.count("duplicate-segment");
      this.#send(SYN | ACK, -1, NO_BYTES);
    } else if (isSame) {
      this.#around.count("duplicate-segment");
      this.#acknowledge();
    } else this.#challenge();
  }

  /** The handshake's third segment. False when it is none. */
  #complete(segment: Segment): boolean {
    if (segment.acknowledgement !== advance(this.#initial, 1)) {
      this.#around.count("challenged");
      this.#around.send({
        sequence: segment.acknowledgement,
        acknowledgement: 0,
        flags: RST,
        window: 0,
        payload: NO_BYTES,
      });
      return false;
    }
    this.#state = "open";
    this.#around.count("connection-opened");
    return true;
  }

  #receiveBytes(segment: Segment, offset: number): void {
    const { payload, flags } = segment;
    const end = offset + payload.length;
    const hasFin = (flags & FIN) !== 0;
    if (payload.length === 0 && !hasFin) {
      // A keep-alive probe lies just before the window and wants an acknowledgement (RFC 9293 §3.8.4).
      if (offset < this.#received()) this.#ackIsDue = true;
      return;
    }
    this.#ackIsDue = true;
    if (end + (hasFin ? 1 : 0) <= this.#received()) this.#around.count("duplicate-segment");
    else if (offset > this.#received()) this.#around.count("out-of-order-segment");
    if (hasFin && this.#botEnd === null && end >= this.#receiver.next) this.#botEnd = end;
    if (payload.length > 0 && !this.#isBotDone) {
      // What lies behind the window, or behind the bot's own end, is not of this connection.
      const room = Math.min(this.#receiver.next + WINDOW, this.#botEnd ?? Number.POSITIVE_INFINITY);
      const fits = room - offset;
      const taken = fits < payload.length ? payload.subarray(0, Math.max(0, fits)) : payload;
      for (const piece of this.#receiver.insert(offset, taken)) {
        if (this.#sender.hasEnded) this.#around.count("bytes-after-close");
        else this.#around.received(piece);
        if (this.#isOver()) return;
      }
    }
    if (!this.#isBotDone && this.#botEnd !== null && this.#receiver.next >= this.#botEnd) {
      this.#isBotDone = true;
      this.#around.receivedEnd();
      this.#sender.end();
    }
  }

  /** Send what can be sent, acknowledge what must be, and set the deadline for what is still expected. */
  #proceed(): void {
    if (this.#state !== "open") return;
    if (this.#sender.pump()) this.#ackIsDue = false;
    if (this.#ackIsDue) this.#acknowledge();
    if (this.#sender.isEndAcknowledged && this.#isBotDone) {
      this.#around.count("connection-closed");
      this.#finish(true);
      return;
    }
    const waitMs = this.#sender.takeWait();
    if (waitMs !== null) this.#deadline.set(waitMs);
    else if (!this.#sender.isWaiting) {
      this.#deadline.set(
        this.#sender.isEndAcknowledged ? REPLAY_LIMITS.halfClosedMs : REPLAY_LIMITS.idleMs,
      );
    }
  }

  #timedOut(): void {
    if (this.#state === "half-open") {
      if (this.#handshakes >= REPLAY_LIMITS.handshakeAttemptsMax) {
        this.#around.count("half-open-dropped");
        this.#finish(false);
      } else {
        this.#around.count("segment-retransmitted");
        this.#sendHandshake();
      }
    } else if (this.#sender.isWaiting) {
      if (this.#sender.timedOut()) this.#proceed();
      else this.abort("gave-up");
    } else if (this.#sender.isEndAcknowledged) this.abort("half-closed-dropped");
    else {
      this.#around.count("idle-closed");
      this.end();
    }
  }

  #sendHandshake(): void {
    this.#send(SYN | ACK, -1, NO_BYTES);
    // 1, 2, 4 … seconds (RFC 6298 §2.1).
    this.#deadline.set(1_000 * 2 ** this.#handshakes);
    this.#handshakes++;
  }

  #challenge(): void {
    this.#around.count("challenged");
    this.#acknowledge();
  }

  #acknowledge(): void {
    this.#send(ACK, this.#sender.past, NO_BYTES);
  }

  #finish(orderly: boolean): void {
    this.forget();
    this.#around.over(orderly);
  }

  /** A function of its own: a callback may have ended the connection, which the type checker cannot see. */
  #isOver(): boolean {
    return this.#state === "over";
  }

  /** How many of the bot's numbers are received in order, its FIN included. */
  #received(): number {
    return this.#receiver.next + (this.#isBotDone ? 1 : 0);
  }

  #offsetOf(sequence: number): number {
    const next = this.#receiver.next;
    return next + distance(advance(this.#botInitial, 1 + next), sequence);
  }

  #sequenceOf(offset: number): number {
    return advance(this.#initial, 1 + offset);
  }

  #send(flags: number, offset: number, payload: Uint8Array): void {
    this.#ackIsDue = false;
    this.#around.send(this.#segment(flags, offset, payload));
  }

  #segment(flags: number, offset: number, payload: Uint8Array): Segment {
    const segment = {
      sequence: this.#sequenceOf(offset),
      acknowledgement: advance(this.#botInitial, 1 + this.#received()),
      flags,
      window: WINDOW,
      payload,
    };
    return (flags & SYN) === 0 ? segment : { ...segment, mss: this.#around.mss };
  }
}
