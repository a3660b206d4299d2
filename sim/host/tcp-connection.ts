import type { SocketFault } from "../../src/base/net.ts";
import {
  ACK,
  FIN,
  NOTHING,
  PSH,
  RST,
  resetFor,
  type Segment,
  SYN,
  sequenceLength,
} from "./segment.ts";
import { TCP_LIMITS } from "./tcp-limits.ts";
import { TcpReceiver } from "./tcp-receiver.ts";
import { TcpSender } from "./tcp-sender.ts";

/** States of RFC 9293, 3.3.2; LISTEN belongs to the host. */
export type TcpState =
  | "syn-sent"
  | "syn-received"
  | "established"
  | "fin-wait-1"
  | "fin-wait-2"
  | "close-wait"
  | "closing"
  | "last-ack"
  | "time-wait"
  | "closed";

/** What a connection needs from its host. */
export interface TcpSurroundings {
  /** Nanoseconds. */
  readonly nowNumber: number;
  send(segment: Segment): void;
  /** The state, what can be read, or what can be written has changed. Must not call the connection back at once. */
  changed(): void;
  /** The connection wants to be asked at its `deadlineNs`, which has become earlier, or is gone. */
  reschedule(): void;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * One TCP connection (RFC 9293): segments and calls in, segments out. It knows neither addresses nor timers: whoever
 * holds it calls `expire` when `deadlineNs` has come.
 */
export class TcpConnection {
  readonly #surroundings: TcpSurroundings;
  readonly #sender: TcpSender;
  readonly #receiver = new TcpReceiver();
  #state: TcpState;
  #fault: SocketFault | null = null;
  readonly #passive: boolean;
  /** Segments received and not acknowledged; -1: acknowledge at once. */
  #unacknowledged = 0;
  #delayedAckNs = NEVER;
  /** TIME-WAIT, or the silence that FIN-WAIT-2 bears. */
  #closeNs = NEVER;
  /** Before this time no further segment without data is told that it is out of order. */
  #challengeNs = 0;
  #wanted = false;
  #changed = false;

  private constructor(surroundings: TcpSurroundings, initial: number, passive: boolean) {
    this.#surroundings = surroundings;
    this.#sender = new TcpSender(initial, (offset, length, fin) => this.#emit(offset, length, fin));
    this.#passive = passive;
    this.#state = passive ? "syn-received" : "syn-sent";
  }

  /** Open actively: sends the SYN. `initial` is the initial sequence number. */
  static connect(surroundings: TcpSurroundings, initial: number): TcpConnection {
    const connection = new TcpConnection(surroundings, initial, false);
    connection.#sendSyn();
    return connection;
  }

  /** Answer a SYN. */
  static accept(surroundings: TcpSurroundings, initial: number, syn: Segment): TcpConnection {
    const connection = new TcpConnection(surroundings, initial, true);
    connection.#begin(syn);
    connection.#sendSyn();
    return connection;
  }

  get state(): TcpState {
    return this.#state;
  }

  /** Why it broke; null while it is well, or after an orderly end. */
  get fault(): SocketFault | null {
    return this.#fault;
  }

  get retransmitted(): number {
    return this.#sender.retransmitted;
  }

  /** Bytes written that the peer has not acknowledged. */
  get unsent(): number {
    return this.#sender.buffer.length;
  }

  /** The peer has closed its side; what it sent may still wait to be read. */
  get peerEnded(): boolean {
    return this.#receiver.finished;
  }

  get deadlineNs(): number {
    return Math.min(this.#sender.deadlineNs, this.#delayedAckNs, this.#closeNs);
  }

  /** Whether somebody waits to read: a side that is closed and has no reader is given up after a silence. */
  set wanted(wanted: boolean) {
    this.#wanted = wanted;
    if (this.#state === "fin-wait-2") this.#watchSilence();
  }

  /** Append to the send buffer, which takes it whatever its length. Not after `end`. */
  write(bytes: Uint8Array): void {
    this.#sender.buffer.append(bytes);
    this.#transmit();
  }

  /** What has come in order; null where nothing has. */
  read(): Uint8Array | null {
    const bytes = this.#receiver.read();
    if (bytes !== null && this.#receiver.windowNews && this.#receives) this.#sendAck();
    return bytes;
  }

  /** Close our side after what was written. */
  end(): void {
    this.#sender.end();
    this.#transmit();
  }

  /** Break it off: RST. */
  abort(fault: SocketFault): void {
    if (this.#state === "closed") return;
    if (this.#state !== "syn-sent" && this.#state !== "time-wait") {
      this.#send(this.#sender.wireIdle, RST | ACK, NOTHING);
    }
    this.#receiver.discard();
    this.#close(fault);
    this.#report();
  }

  /** Give an attempt to connect up because of what the network says (ICMP). No effect on an open connection. */
  unreachable(fault: SocketFault): void {
    if (this.#state !== "syn-sent") return;
    this.#close(fault);
    this.#report();
  }

  /** The time of `deadlineNs` may have come. */
  expire(): void {
    const now = this.#surroundings.nowNumber;
    if (now >= this.#closeNs) this.#close(null);
    else {
      if (now >= this.#sender.deadlineNs) this.#retry(now);
      if (now >= this.#delayedAckNs) this.#sendAck();
    }
    this.#report();
  }

  receive(segment: Segment): void {
    if (this.#state === "syn-sent") this.#receiveInSynSent(segment);
    else if (this.#state !== "closed") this.#receiveInOrder(segment);
    this.#report();
  }

  #receiveInSynSent(segment: Segment): void {
    const { flags } = segment;
    const acknowledgement = this.#sender.offsetOf(segment.acknowledgement);
    const acceptable = (flags & ACK) !== 0 && acknowledgement === 1;
    if ((flags & ACK) !== 0 && !acceptable) {
      this.#refuse(segment);
      return;
    }
    if ((flags & RST) !== 0) {
      if (acceptable) this.#close("ECONNREFUSED");
      return;
    }
    if ((flags & SYN) === 0) return;
    this.#begin(segment);
    if (!acceptable) {
      // Both sides have opened at once (3.5, figure 7).
      this.#state = "syn-received";
      this.#sendSyn();
      return;
    }
    this.#sender.acknowledge(1, this.#surroundings.nowNumber);
    this.#establish();
    this.#sendAck();
    this.#transmit();
  }

  /** RFC 9293, 3.10.7.4. */
  #receiveInOrder(segment: Segment): void {
    const { flags, payload } = segment;
    const sender = this.#sender;
    const receiver = this.#receiver;
    const offset = receiver.offsetOf(segment.sequence);
    if (!receiver.acceptable(offset, sequenceLength(segment))) {
      const closedWindow = receiver.offered === 0 && offset === receiver.next;
      if ((flags & RST) !== 0) {
        if (closedWindow) this.#reset();
        return;
      }
      if (this.#state === "syn-received" && (flags & SYN) !== 0 && offset === 0) {
        this.#sendSyn();
        return;
      }
      // Our last acknowledgement was lost, or the peer asks whether the window is open again.
      if (this.#state === "time-wait" && (flags & FIN) !== 0) this.#startTimeWait();
      if (!closedWindow || (flags & SYN) !== 0) {
        this.#challenge(segment);
        return;
      }
      this.#unacknowledged = -1;
    }
    if ((flags & RST) !== 0) {
      // A reset that is not exactly the next octet may be forged or old: the peer confirms it (RFC 5961, 3.2).
      if (offset === receiver.next) this.#reset();
      else this.#challenge(segment);
      return;
    }
    if ((flags & SYN) !== 0) {
      this.#challenge(segment);
      return;
    }
    if ((flags & ACK) === 0) return;

    const acknowledgement = sender.offsetOf(segment.acknowledgement);
    if (this.#state === "syn-received") {
      if (acknowledgement < 1 || acknowledgement > sender.max) {
        this.#refuse(segment);
        return;
      }
      this.#establish();
    }
    if (acknowledgement > sender.max) {
      // It acknowledges what was never sent.
      this.#challenge(segment);
      return;
    }
    const news = sender.updateWindow(offset, acknowledgement, segment.window);
    if (acknowledgement > sender.una) {
      sender.acknowledge(acknowledgement, this.#surroundings.nowNumber);
      this.#changed = true;
      if (sender.finAcknowledged) this.#finAcknowledged();
    } else if (
      acknowledgement === sender.una &&
      !news &&
      segment.window > 0 &&
      payload.length === 0 &&
      (flags & FIN) === 0
    ) {
      sender.duplicateAcknowledgement();
    }
    if (payload.length > 0 || (flags & FIN) !== 0)
      this.#takeIn(offset, payload, (flags & FIN) !== 0);
    if (this.#state === "fin-wait-2") this.#watchSilence();
    if (this.#isClosed()) return;
    this.#transmit();
    this.#acknowledge();
  }

  #takeIn(offset: number, payload: Uint8Array, fin: boolean): void {
    const receiver = this.#receiver;
    if (!this.#receives) {
      this.#unacknowledged = -1;
      return;
    }
    const inOrder = offset <= receiver.next && !receiver.gap;
    if (receiver.accept(offset, payload, fin)) this.#changed = true;
    // A gap, or its end, is told at once (RFC 5681, 4.2); so is the end of the stream.
    if (!inOrder || receiver.finished) this.#unacknowledged = -1;
    else if (this.#unacknowledged >= 0) this.#unacknowledged++;
    if (receiver.finished) this.#peerFinished();
  }

  /** Acknowledge at once, with the second segment, or after a while; `transmit` may have done it already. */
  #acknowledge(): void {
    if (this.#unacknowledged < 0 || this.#unacknowledged >= 2) this.#sendAck();
    else if (this.#unacknowledged === 1 && this.#delayedAckNs === NEVER) {
      this.#delayedAckNs = this.#surroundings.nowNumber + TCP_LIMITS.delayedAckNs;
    }
  }

  #begin(syn: Segment): void {
    this.#receiver.begin(syn.sequence);
    this.#sender.begin(Math.min(TCP_LIMITS.mss, Math.max(1, syn.mss ?? TCP_LIMITS.mssDefault)));
    this.#sender.updateWindow(0, 0, syn.window);
  }

  #establish(): void {
    if (this.#sender.una < 1) this.#sender.acknowledge(1, this.#surroundings.nowNumber);
    this.#state = "established";
    this.#changed = true;
  }

  #peerFinished(): void {
    if (this.#state === "established") this.#state = "close-wait";
    else if (this.#state === "fin-wait-1") this.#state = "closing";
    else if (this.#state === "fin-wait-2") this.#startTimeWait();
  }

  #finAcknowledged(): void {
    if (this.#state === "fin-wait-1") this.#state = "fin-wait-2";
    else if (this.#state === "closing") this.#startTimeWait();
    else if (this.#state === "last-ack") this.#close(null);
  }

  #startTimeWait(): void {
    this.#state = "time-wait";
    this.#sender.stop();
    this.#closeNs = this.#surroundings.nowNumber + TCP_LIMITS.timeWaitNs;
    this.#changed = true;
  }

  #watchSilence(): void {
    this.#closeNs = this.#wanted ? NEVER : this.#surroundings.nowNumber + TCP_LIMITS.finWaitNs;
    this.#surroundings.reschedule();
  }

  #reset(): void {
    const { state } = this;
    const ended = state === "time-wait" || state === "last-ack" || state === "closing";
    if (ended) this.#close(null);
    else this.#close(state === "syn-received" && !this.#passive ? "ECONNREFUSED" : "ECONNRESET");
  }

  #retry(now: number): void {
    const handshake = this.#state === "syn-sent" || this.#state === "syn-received";
    const retriesMax = handshake ? TCP_LIMITS.synRetriesMax : TCP_LIMITS.dataRetriesMax;
    if (!this.#sender.expired(now, retriesMax)) this.#close("ETIMEDOUT");
    else if (handshake) this.#sendSyn();
  }

  #close(fault: SocketFault | null): void {
    this.#state = "closed";
    this.#fault = fault;
    this.#sender.stop();
    this.#delayedAckNs = NEVER;
    this.#closeNs = NEVER;
    this.#changed = true;
  }

  /** Our peer may still send. */
  get #receives(): boolean {
    const { state } = this;
    return state === "established" || state === "fin-wait-1" || state === "fin-wait-2";
  }

  // A method, so that the compiler does not take the state for what it was before a call changed it.
  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #transmit(): void {
    const { state } = this;
    if (state === "syn-sent" || state === "syn-received" || state === "closed") return;
    if (state !== "time-wait") this.#sender.transmit(this.#surroundings.nowNumber);
    this.#surroundings.reschedule();
  }

  #report(): void {
    this.#surroundings.reschedule();
    if (!this.#changed) return;
    this.#changed = false;
    this.#surroundings.changed();
  }

  #emit(offset: number, length: number, fin: boolean): void {
    const { buffer } = this.#sender;
    const last = offset + length === buffer.end;
    const flags = ACK | (fin ? FIN : 0) | (length > 0 && last ? PSH : 0);
    this.#send(this.#sender.wire(offset), flags, buffer.slice(offset, length));
    if (!fin) return;
    if (this.#state === "established") this.#state = "fin-wait-1";
    else if (this.#state === "close-wait") this.#state = "last-ack";
  }

  #sendSyn(): void {
    const now = this.#surroundings.nowNumber;
    this.#sender.sentSyn(now);
    const answer = this.#state === "syn-received";
    this.#surroundings.send({
      sequence: this.#sender.wire(0),
      acknowledgement: answer ? this.#receiver.wireNext : 0,
      flags: answer ? SYN | ACK : SYN,
      window: TCP_LIMITS.receiveBytesMax,
      mss: TCP_LIMITS.mss,
      payload: NOTHING,
    });
    this.#surroundings.reschedule();
  }

  #sendAck(): void {
    this.#send(this.#sender.wireIdle, ACK, NOTHING);
  }

  /** Every segment but a SYN acknowledges what has come. */
  #send(sequence: number, flags: number, payload: Uint8Array): void {
    this.#unacknowledged = 0;
    this.#delayedAckNs = NEVER;
    this.#surroundings.send({
      sequence,
      acknowledgement: this.#receiver.wireNext,
      flags,
      window: this.#receiver.offer(),
      mss: null,
      payload,
    });
  }

  /**
   * Tell a peer that its segment does not fit where the connection is. Without data at most one in a while: two sides
   * that disagree would answer each other for ever.
   */
  #challenge(segment: Segment): void {
    if (segment.payload.length === 0 && (segment.flags & FIN) === 0) {
      const now = this.#surroundings.nowNumber;
      if (now < this.#challengeNs) return;
      this.#challengeNs = now + TCP_LIMITS.challengeGapNs;
    }
    this.#sendAck();
  }

  #refuse(segment: Segment): void {
    const reset = resetFor(segment);
    if (reset !== null) this.#surroundings.send(reset);
  }
}
