import { HOST_LIMITS } from "../../src/base/limits.ts";
import type { SocketFault } from "../../src/base/net.ts";
import { Acknowledgement } from "./acknowledgement.ts";
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
import { TCP } from "./tcp-parameters.ts";
import { TcpReceiver } from "./tcp-receiver.ts";
import { TcpSender } from "./tcp-sender.ts";
import type { TcpState, TcpSurroundings } from "./tcp-surroundings.ts";

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
  readonly #acknowledgement = new Acknowledgement();
  /** The end of TIME-WAIT, of the silence that FIN-WAIT-2 bears, or of the caller's patience while it connects. */
  #closeNs = NEVER;
  #wanted = false;
  #changed = false;

  private constructor(surroundings: TcpSurroundings, initial: number, passive: boolean) {
    this.#surroundings = surroundings;
    this.#sender = new TcpSender(initial, (offset, length, fin) => this.#emit(offset, length, fin));
    this.#passive = passive;
    this.#state = passive ? "syn-received" : "syn-sent";
  }

  /** Open actively: sends the SYN. `initial` is the initial sequence number; at `giveUpNs` it times out. */
  static connect(surroundings: TcpSurroundings, initial: number, giveUpNs = NEVER): TcpConnection {
    const connection = new TcpConnection(surroundings, initial, false);
    connection.#closeNs = giveUpNs;
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

  /** Pieces that found no room out of order. */
  get overflowed(): number {
    return this.#receiver.overflowed;
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
    return Math.min(this.#sender.deadlineNs, this.#acknowledgement.deadlineNs, this.#closeNs);
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
    if (now >= this.#closeNs) this.#close(this.#opening ? "ETIMEDOUT" : null);
    else {
      if (now >= this.#sender.deadlineNs) this.#retry(now);
      if (now >= this.#acknowledgement.deadlineNs) this.#sendAck();
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
      if (this.#state === "syn-received" && (flags & (SYN | ACK)) === SYN && offset === 0) {
        this.#sendSyn();
        return;
      }
      // Our last acknowledgement was lost, or the peer asks whether the window is open again.
      if (this.#state === "time-wait" && (flags & FIN) !== 0) this.#startTimeWait();
      if (!closedWindow || (flags & SYN) !== 0) {
        this.#challenge(segment);
        return;
      }
      this.#acknowledgement.atOnce();
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
      this.#acknowledgement.atOnce();
      return;
    }
    const inOrder = offset <= receiver.next && !receiver.gap;
    if (receiver.accept(offset, payload, fin)) this.#changed = true;
    // A gap, or its end, is told at once (RFC 5681, 4.2); so is the end of the stream.
    if (!inOrder || receiver.finished) this.#acknowledgement.atOnce();
    else this.#acknowledgement.segment();
    if (receiver.finished) this.#peerFinished();
  }

  /** `transmit` may have done it already. */
  #acknowledge(): void {
    if (this.#acknowledgement.due(this.#surroundings.nowNumber)) this.#sendAck();
  }

  #begin(syn: Segment): void {
    this.#receiver.begin(syn.sequence);
    this.#sender.begin(Math.min(TCP.mss, Math.max(1, syn.mss ?? TCP.mssDefault)));
    this.#sender.updateWindow(0, 0, syn.window);
  }

  #establish(): void {
    if (this.#sender.una < 1) this.#sender.acknowledge(1, this.#surroundings.nowNumber);
    this.#state = "established";
    this.#closeNs = NEVER;
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
    this.#closeNs = this.#surroundings.nowNumber + TCP.timeWaitNs;
    this.#changed = true;
  }

  #watchSilence(): void {
    this.#closeNs = this.#wanted ? NEVER : this.#surroundings.nowNumber + TCP.finWaitNs;
    this.#surroundings.reschedule();
  }

  #reset(): void {
    const { state } = this;
    const ended = state === "time-wait" || state === "last-ack" || state === "closing";
    if (ended) this.#close(null);
    else this.#close(state === "syn-received" && !this.#passive ? "ECONNREFUSED" : "ECONNRESET");
  }

  #retry(now: number): void {
    const handshake = this.#opening;
    const retriesMax = handshake ? TCP.synRetriesMax : TCP.dataRetriesMax;
    if (!this.#sender.expired(now, retriesMax)) this.#close("ETIMEDOUT");
    else if (handshake) this.#sendSyn();
  }

  #close(fault: SocketFault | null): void {
    this.#state = "closed";
    this.#fault = fault;
    this.#sender.stop();
    this.#acknowledgement.sent();
    this.#closeNs = NEVER;
    this.#changed = true;
  }

  get #opening(): boolean {
    return this.#state === "syn-sent" || this.#state === "syn-received";
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
    if (this.#opening || this.#state === "closed") return;
    if (this.#state !== "time-wait") this.#sender.transmit(this.#surroundings.nowNumber);
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
      window: HOST_LIMITS.receiveBytesMax,
      mss: TCP.mss,
      payload: NOTHING,
    });
    this.#surroundings.reschedule();
  }

  #sendAck(): void {
    this.#send(this.#sender.wireIdle, ACK, NOTHING);
  }

  /** Every segment but a SYN acknowledges what has come. */
  #send(sequence: number, flags: number, payload: Uint8Array): void {
    this.#acknowledgement.sent();
    this.#surroundings.send({
      sequence,
      acknowledgement: this.#receiver.wireNext,
      flags,
      window: this.#receiver.offer(),
      mss: null,
      payload,
    });
  }

  #challenge(segment: Segment): void {
    const now = this.#surroundings.nowNumber;
    if (this.#acknowledgement.challenges(segment, now)) this.#sendAck();
  }

  #refuse(segment: Segment): void {
    const reset = resetFor(segment);
    if (reset !== null) this.#surroundings.send(reset);
  }
}
