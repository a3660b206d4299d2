import { Congestion } from "./congestion.ts";
import { RoundTrip } from "./round-trip.ts";
import { SendBuffer } from "./send-buffer.ts";
import { TCP } from "./tcp-parameters.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Puts data on the wire: `length` bytes of the buffer from `offset` on, and the FIN behind them. */
export type EmitData = (offset: number, length: number, fin: boolean) => void;

/**
 * The sending half of a connection: what is in flight, what may be sent, when to send it again. Offsets count octets of
 * our sequence space from the SYN (0) on and do not wrap around; data begins at 1, the FIN follows the data.
 */
export class TcpSender {
  readonly buffer = new SendBuffer(1);
  readonly #initial: number;
  readonly #emit: EmitData;
  readonly #roundTrip = new RoundTrip();
  #congestion = new Congestion(TCP.mssDefault);
  #mss: number = TCP.mssDefault;
  /** Oldest octet in flight, next to send, and the end of all that was ever sent (`next` goes back after a timeout). */
  #una = 0;
  #next = 0;
  #max = 0;
  #window = 0;
  #windowOffset = 0;
  #windowAcknowledgement = 0;
  #ended = false;
  #timedOffset = -1;
  #timedNs = 0;
  #retries = 0;
  #probes = 0;
  #deadlineNs = NEVER;
  #retransmitted = 0;

  constructor(initial: number, emit: EmitData) {
    this.#initial = initial;
    this.#emit = emit;
  }

  get una(): number {
    return this.#una;
  }

  get max(): number {
    return this.#max;
  }

  get window(): number {
    return this.#window;
  }

  /** When the retransmission or probe timer runs out. */
  get deadlineNs(): number {
    return this.#deadlineNs;
  }

  /** Segments that were sent again. */
  get retransmitted(): number {
    return this.#retransmitted;
  }

  get finAcknowledged(): boolean {
    return this.#ended && this.#una > this.buffer.end;
  }

  wire(offset: number): number {
    return (this.#initial + offset) >>> 0;
  }

  offsetOf(acknowledgement: number): number {
    return this.#una + ((acknowledgement - this.#initial - this.#una) | 0);
  }

  /** Sequence number of a segment without data: one that the peer will find in its window. */
  get wireIdle(): number {
    return this.wire(Math.max(this.#una, Math.min(this.#max, this.#una + this.#window)));
  }

  /** The SYN goes out, for the first time or again. */
  sentSyn(nowNs: number): void {
    this.#timedOffset = this.#max === 0 ? 1 : -1;
    this.#timedNs = nowNs;
    this.#next = 1;
    this.#max = 1;
    this.#deadlineNs = nowNs + this.#roundTrip.rtoNs;
  }

  /** The peer's SYN is here: segments may be this long. */
  begin(mss: number): void {
    this.#mss = mss;
    this.#congestion = new Congestion(mss);
  }

  end(): void {
    this.#ended = true;
  }

  /** Nothing will be sent any more. */
  stop(): void {
    this.#deadlineNs = NEVER;
    this.buffer.release(this.buffer.end);
  }

  /** Remember the window of a segment, unless an older one overtook it (RFC 9293, 3.10.7.4). True where it changed. */
  updateWindow(offset: number, acknowledgement: number, window: number): boolean {
    const older =
      offset < this.#windowOffset ||
      (offset === this.#windowOffset && acknowledgement < this.#windowAcknowledgement);
    if (older) return false;
    const changed = window !== this.#window;
    // What was waiting goes out now: the timer of the probes is over.
    if (this.#window === 0 && window > 0) this.#deadlineNs = NEVER;
    this.#windowOffset = offset;
    this.#windowAcknowledgement = acknowledgement;
    this.#window = window;
    // A peer that answers is there, however long its window stays closed.
    if (window === 0) this.#retries = 0;
    else this.#probes = 0;
    return changed;
  }

  /** The peer has everything before `acknowledgement` (an offset between una and max). */
  acknowledge(acknowledgement: number, nowNs: number): void {
    const bytes = acknowledgement - this.#una;
    if (this.#timedOffset >= 0 && acknowledgement >= this.#timedOffset) {
      this.#roundTrip.measured(nowNs - this.#timedNs);
      this.#timedOffset = -1;
    }
    this.#una = acknowledgement;
    if (this.#next < acknowledgement) this.#next = acknowledgement;
    this.buffer.release(acknowledgement);
    this.#retries = 0;
    this.#deadlineNs = this.#una < this.#max ? nowNs + this.#roundTrip.rtoNs : NEVER;
    const lostToo = this.#congestion.acknowledged(bytes, this.#una, this.#max - this.#una);
    if (lostToo) this.#sendAgain();
  }

  /** An acknowledgement of what was acknowledged before: something after it is lost, or overtaken. */
  duplicateAcknowledgement(): void {
    const inFlight = this.#max - this.#una;
    if (inFlight > 0 && this.#congestion.duplicate(this.#una, this.#max, inFlight)) {
      this.#sendAgain();
    }
  }

  /** Send what the peer's window and the congestion window allow, and set the timer. */
  transmit(nowNs: number): void {
    const { buffer } = this;
    for (;;) {
      const limit = this.#una + Math.min(this.#congestion.window, this.#window);
      const room = Math.floor(limit) - this.#next;
      if (room <= 0) break;
      const remaining = buffer.end - this.#next;
      if (remaining > 0) {
        const length = Math.min(this.#mss, remaining, room);
        // No short segment while a full one is waiting, unless nothing else would make the peer answer (3.8.6.2.1).
        if (length < this.#mss && length < remaining && this.#next > this.#una) break;
        this.#send(this.#next, length, this.#ended && length === remaining && room > length, nowNs);
      } else if (this.#ended && remaining === 0) {
        this.#send(this.#next, 0, true, nowNs);
      } else break;
    }
    if (this.#deadlineNs === NEVER && this.#waiting) this.#deadlineNs = nowNs + this.#probeNs;
  }

  /** The timer ran out. False where it did so too often and the connection is given up. */
  expired(nowNs: number, retriesMax: number): boolean {
    if (++this.#retries > retriesMax) return false;
    this.#timedOffset = -1;
    if (this.#window === 0 && this.#una > 0) {
      // A closed window is no congestion: ask again for as long as the peer answers (RFC 9293, 3.8.6.1).
      this.#probes++;
      this.#sendProbe();
      this.#deadlineNs = nowNs + this.#probeNs;
      return true;
    }
    this.#roundTrip.backOff();
    this.#deadlineNs = nowNs + this.#roundTrip.rtoNs;
    if (this.#una === 0) return true;
    this.#congestion.timedOut(this.#max, this.#max - this.#una);
    this.#next = this.#una;
    this.transmit(nowNs);
    return true;
  }

  /** Something is in flight or waits to be sent. */
  get #waiting(): boolean {
    return this.#una < this.#max || this.#una < this.buffer.end + (this.#ended ? 1 : 0);
  }

  get #probeNs(): number {
    return Math.min(TCP.rtoMaxNs, this.#roundTrip.rtoNs * 2 ** this.#probes);
  }

  #send(offset: number, length: number, fin: boolean, nowNs: number): void {
    const end = offset + length + (fin ? 1 : 0);
    if (offset < this.#max) {
      this.#retransmitted++;
      // A round trip of what was sent twice cannot be told (Karn's algorithm, RFC 6298, 3).
      this.#timedOffset = -1;
    } else if (this.#timedOffset < 0) {
      this.#timedOffset = end;
      this.#timedNs = nowNs;
    }
    this.#next = end;
    if (end > this.#max) this.#max = end;
    if (this.#deadlineNs === NEVER) this.#deadlineNs = nowNs + this.#roundTrip.rtoNs;
    this.#emit(offset, length, fin);
  }

  /** The one segment at `una`, at once (fast retransmit). */
  #sendAgain(): void {
    const length = Math.min(this.#mss, this.buffer.end - this.#una, this.#max - this.#una);
    const fin =
      this.#ended && this.#una + length === this.buffer.end && this.#max > this.buffer.end;
    this.#retransmitted++;
    this.#timedOffset = -1;
    this.#emit(this.#una, length, fin);
  }

  /** One octet into a closed window. */
  #sendProbe(): void {
    const length = Math.min(1, this.buffer.end - this.#una);
    const fin = length === 0 && this.#ended;
    if (this.#una + 1 > this.#max) this.#max = this.#una + 1;
    else this.#retransmitted++;
    this.#emit(this.#una, length, fin);
  }
}
