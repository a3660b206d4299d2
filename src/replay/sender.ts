import { elapsedMs, type Timers } from "../base/clock.ts";
import { REPLAY_LIMITS } from "../base/limits.ts";
import type { ReplayEvent } from "./event.ts";
import { RetransmissionTimeout } from "./retransmission-timeout.ts";
import { FIN, type Segment } from "./segment.ts";
import { SendQueue } from "./send-queue.ts";

/** What a peer takes that names no MSS (RFC 9293 §3.7.1), and the least that is believed. */
const MSS_DEFAULT = 536;
const MSS_MIN = 64;
/** Acknowledgements of the same byte that tell of a loss (RFC 5681 §3.2). */
const DUPLICATES_MAX = 3;

interface SenderSurroundings {
  readonly timers: Timers;
  readonly mss: number;
  count(event: ReplayEvent): void;
}

/**
 * The sending half of a connection: what is sent when, and what again (RFC 9293 §3.8, RFC 6298, RFC 6582). Offsets
 * count the stream's bytes from 0; the FIN takes the offset behind the last byte. There is no congestion window:
 * the link belongs to the lab, and the bot's window of at most 64 KiB bounds a burst.
 */
export class Sender {
  readonly #around: SenderSurroundings;
  readonly #emit: (offset: number, bytes: Uint8Array, isEnd: boolean) => void;
  readonly #queue = new SendQueue();
  readonly #timeout = new RetransmissionTimeout();
  readonly #mss: number;
  #unacknowledged = 0;
  #next = 0;
  #past = 0;
  #isEnded = false;
  #window: number;
  /** The segment that told the window last: its place and what it acknowledged (RFC 9293 SND.WL1, SND.WL2). */
  #windowOffset = -1;
  #windowAcknowledged = -1;
  #duplicates = 0;
  /** While a loss is repaired: everything before was sent when it was noticed. */
  #recoverUntil: number | null = null;
  #attempts = 0;
  #timed: { readonly offset: number; readonly sentNs: bigint } | null = null;
  #mustRearm = false;

  constructor(
    syn: Segment,
    around: SenderSurroundings,
    emit: (offset: number, bytes: Uint8Array, isEnd: boolean) => void,
  ) {
    this.#around = around;
    this.#emit = emit;
    this.#mss = Math.min(around.mss, Math.max(MSS_MIN, syn.mss ?? MSS_DEFAULT));
    this.#window = syn.window;
  }

  /** The oldest offset that is not acknowledged. */
  get start(): number {
    return this.#unacknowledged;
  }

  /** One past everything that was ever sent. */
  get past(): number {
    return this.#past;
  }

  get queued(): number {
    return this.#queue.pieces;
  }

  get hasEnded(): boolean {
    return this.#isEnded;
  }

  get isEndAcknowledged(): boolean {
    return this.#isEnded && this.#unacknowledged > this.#queue.end;
  }

  /** Whether an acknowledgement or an open window is being waited for. */
  get isWaiting(): boolean {
    return this.#unacknowledged < this.#past || this.#next < this.#queue.end;
  }

  push(bytes: Uint8Array): void {
    if (!this.#isEnded) this.#queue.push(bytes);
  }

  end(): void {
    this.#isEnded = true;
  }

  clear(): void {
    this.#queue.clear();
  }

  /**
   * Take up what a segment at `offset` of the bot's stream acknowledges and which window it tells.
   * False when it acknowledges what was never sent.
   */
  acknowledge(acknowledged: number, offset: number, segment: Segment): boolean {
    if (acknowledged > this.#past) return false;
    if (acknowledged > this.#unacknowledged) this.#progress(acknowledged);
    else if (acknowledged === this.#unacknowledged) this.#stagnate(segment);
    const isNewer =
      offset > this.#windowOffset ||
      (offset === this.#windowOffset && acknowledged >= this.#windowAcknowledged);
    if (isNewer) {
      this.#windowOffset = offset;
      this.#windowAcknowledged = acknowledged;
      this.#takeWindow(segment.window);
    }
    return true;
  }

  /** Send new bytes, as far as the window allows, and the FIN behind the last. True when anything was sent. */
  pump(): boolean {
    const end = this.#queue.end;
    const limit = this.#unacknowledged + this.#window;
    let isSent = false;
    while (this.#next < end) {
      const length = Math.min(this.#mss, end - this.#next, limit - this.#next);
      if (length <= 0) break;
      // No small segment only because the window is nearly full (RFC 9293 §3.8.6.2.1).
      const isSmall = length < this.#mss && length < end - this.#next;
      if (isSmall && this.#next > this.#unacknowledged) break;
      this.#sendNext(length);
      isSent = true;
    }
    if (this.#isEnded && this.#next === end) {
      this.#sendNext(0);
      isSent = true;
    }
    if (this.#next < end && this.#unacknowledged === this.#past && !isSent) this.#mustRearm = true;
    return isSent;
  }

  /** How long to wait from now, in milliseconds; `null` when what was set before stays as it is. */
  takeWait(): number | null {
    if (!this.#mustRearm) return null;
    this.#mustRearm = false;
    return this.isWaiting ? this.#timeout.ms : null;
  }

  /** The wait is over: send the oldest bytes again, or ask for the window. False when that was done often enough. */
  timedOut(): boolean {
    this.#attempts++;
    if (this.#attempts > REPLAY_LIMITS.retransmissionsMax) return false;
    this.#timeout.timedOut();
    this.#mustRearm = true;
    this.#timed = null;
    this.#duplicates = 0;
    if (this.#unacknowledged < this.#past) {
      this.#recoverUntil = this.#past;
      this.#sendAgain();
    } else {
      this.#around.count("window-probe");
      this.#sendNext(1);
    }
    return true;
  }

  #progress(acknowledged: number): void {
    this.#queue.release(acknowledged);
    this.#unacknowledged = acknowledged;
    this.#next = Math.max(this.#next, acknowledged);
    this.#attempts = 0;
    this.#duplicates = 0;
    this.#mustRearm = true;
    if (this.#timed !== null && acknowledged >= this.#timed.offset) {
      const nowNs = this.#around.timers.nowNs();
      this.#timeout.measured(elapsedMs(this.#timed.sentNs, nowNs));
      this.#timed = null;
    } else this.#timeout.progressed();
    if (this.#recoverUntil === null) return;
    // A partial acknowledgement tells of the next loss (RFC 6582 §3.2).
    if (acknowledged >= this.#recoverUntil) this.#recoverUntil = null;
    else this.#sendAgain();
  }

  /** The same byte is asked for again. */
  #stagnate(segment: Segment): void {
    const isDuplicate =
      segment.payload.length === 0 &&
      (segment.flags & FIN) === 0 &&
      segment.window === this.#window &&
      this.#unacknowledged < this.#past;
    if (this.#window === 0) this.#attempts = 0;
    if (!isDuplicate || this.#window === 0) return;
    this.#duplicates++;
    if (this.#duplicates !== DUPLICATES_MAX || this.#recoverUntil !== null) return;
    this.#around.count("fast-retransmission");
    this.#recoverUntil = this.#past;
    this.#sendAgain();
    this.#mustRearm = true;
  }

  #takeWindow(window: number): void {
    const opens = this.#window === 0 && window > 0;
    this.#window = window;
    if (opens && this.#next > this.#unacknowledged) {
      // The byte that asked for the window was most likely thrown away.
      this.#next = Math.min(this.#unacknowledged, this.#queue.end);
      this.#timed = null;
      this.#mustRearm = true;
    }
  }

  #sendNext(length: number): void {
    const offset = this.#next;
    const isEnd = this.#isEnded && offset + length === this.#queue.end;
    const past = offset + length + (isEnd ? 1 : 0);
    if (offset < this.#past) this.#around.count("segment-retransmitted");
    else {
      if (this.#unacknowledged === this.#past) this.#mustRearm = true;
      this.#timed ??= { offset: past, sentNs: this.#around.timers.nowNs() };
    }
    this.#next = past;
    this.#past = Math.max(this.#past, past);
    this.#emit(offset, this.#queue.read(offset, length), isEnd);
  }

  /** The oldest segment once more. */
  #sendAgain(): void {
    this.#timed = null;
    const offset = this.#unacknowledged;
    const end = this.#queue.end;
    const sent = Math.min(end, this.#past) - offset;
    const length = Math.min(this.#mss, sent, Math.max(1, this.#window));
    this.#around.count(this.#window === 0 ? "window-probe" : "segment-retransmitted");
    const isEnd = this.#past > end && offset + length === end;
    this.#emit(offset, this.#queue.read(offset, length), isEnd);
  }
}
