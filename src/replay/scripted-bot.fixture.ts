import type { Endpoint } from "../base/net.ts";
import type { PacketPort } from "../base/packet-port.ts";
import { Random } from "../base/random.ts";
import { isMalformed } from "../wire/malformed.ts";
import { emitTcpFrame, parseFrame, wrongChecksum } from "../wire/packet.ts";
import { emitTcpOptions } from "../wire/tcp-options.ts";
import type { ManualTimers } from "./manual-timers.fixture.ts";
import { ACK, FIN, PSH, RST, type Segment, SYN } from "./segment.ts";
import { advance, distance } from "./sequence.ts";

const NONE: Uint8Array = new Uint8Array(0);
export const BOT_MAC = "52:54:00:00:00:0b";
export const GATEWAY_MAC = "52:54:00:00:00:01";
export const BOT_ADDRESS = "10.20.0.11";

export interface Faults {
  readonly loss: number;
  readonly duplicate: number;
  /** Frames are delayed by 1 ms and a random part of this: beyond 0 they overtake each other. */
  readonly jitterMs: number;
}

export const NO_FAULTS: Faults = { loss: 0, duplicate: 0, jitterMs: 0 };

/** A link between bots and a replayer that loses, repeats and reorders frames in both directions. */
export class FaultyLink {
  readonly port: PacketPort;
  readonly timers: ManualTimers;
  readonly #bots = new Map<number, ScriptedBot>();
  readonly #random: Random;
  readonly #faults: Faults;
  #toReplayer: (frame: Uint8Array) => void = () => {};

  constructor(timers: ManualTimers, seed: number, faults: Faults) {
    this.timers = timers;
    this.#random = Random.from(`link-${seed}`);
    this.#faults = faults;
    this.port = {
      timers,
      send: (frame) => this.#carry(frame, (arrived) => this.#toBot(arrived)),
      onFrame: (handler) => {
        this.#toReplayer = handler;
      },
    };
  }

  attach(bot: ScriptedBot): void {
    this.#bots.set(bot.port, bot);
  }

  detach(bot: ScriptedBot): void {
    this.#bots.delete(bot.port);
  }

  send(frame: Uint8Array): void {
    this.#carry(frame, (arrived) => this.#toReplayer(arrived));
  }

  #toBot(bytes: Uint8Array): void {
    const frame = parseFrame(bytes);
    if (isMalformed(frame) || frame.tcp === undefined) throw new Error("not a TCP frame");
    if (wrongChecksum(bytes, frame) !== undefined) throw new Error("a wrong checksum");
    if (frame.ethernet.destination !== BOT_MAC) throw new Error("not for the bot");
    if (frame.ethernet.source !== GATEWAY_MAC) throw new Error("not from the gateway");
    this.#bots.get(frame.tcp.destinationPort)?.receive({ ...frame.tcp, payload: frame.payload });
  }

  #carry(frame: Uint8Array, arrive: (frame: Uint8Array) => void): void {
    const { loss, duplicate, jitterMs } = this.#faults;
    const copies = 1 + (this.#random.chance(duplicate) ? 1 : 0);
    for (let i = 0; i < copies; i++) {
      if (this.#random.chance(loss)) continue;
      this.timers.after(1 + jitterMs * this.#random.float(), () => arrive(frame));
    }
  }
}

export interface BotOptions {
  readonly port: number;
  readonly server: Endpoint;
  readonly requests: readonly Uint8Array[];
  /** The i-th request is sent when so many bytes have come back. Without it all are sent at once. */
  readonly sendAt?: readonly number[];
  /** Close when so many bytes have come back; without it the bot waits for the server's end. */
  readonly closeAt?: number;
  readonly initial?: number;
  readonly mss?: number;
  readonly window?: number;
  readonly segmentBytes?: number;
}

type BotState = "connecting" | "open" | "closed" | "reset" | "gave-up";

/** A simple TCP client, written apart from the code that it tests: it sends all that is unacknowledged again and again. */
export class ScriptedBot {
  readonly port: number;
  state: BotState = "connecting";
  readonly #link: FaultyLink;
  readonly #options: BotOptions;
  readonly #initial: number;
  readonly #ahead = new Map<number, Uint8Array>();
  readonly #received: Uint8Array[] = [];
  receivedBytes = 0;
  segmentPayloadMax = 0;
  /** Bytes beyond the window that was offered. */
  overrunBytes = 0;
  window: number;
  #output: Uint8Array = NONE;
  #queued = 0;
  #acknowledged = 0;
  #serverInitial = 0;
  #serverEnd: number | null = null;
  #isClosing = false;
  #attempts = 0;

  constructor(link: FaultyLink, options: BotOptions) {
    this.port = options.port;
    this.#link = link;
    this.#options = options;
    this.#initial = options.initial ?? 1_000;
    this.window = options.window ?? 65_535;
    link.attach(this);
  }

  get received(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#received));
  }

  get isServerDone(): boolean {
    return this.#serverEnd !== null && this.receivedBytes >= this.#serverEnd;
  }

  start(): void {
    this.#sendSyn();
    this.#repeat();
  }

  reset(): void {
    this.state = "reset";
    this.#send(RST, advance(this.#initial, 1 + this.#acknowledged), NONE);
  }

  acknowledge(): void {
    this.#send(ACK, this.#next(), NONE);
  }

  receive(segment: Segment): void {
    if (this.state === "reset" || this.state === "gave-up") return;
    if ((segment.flags & RST) !== 0) {
      this.state = this.state === "closed" ? "closed" : "reset";
      return;
    }
    if ((segment.flags & SYN) !== 0) {
      if (segment.acknowledgement !== advance(this.#initial, 1)) throw new Error("a wrong SYN+ACK");
      if (this.state === "connecting") {
        this.state = "open";
        this.#serverInitial = segment.sequence;
        this.#attempts = 0;
      } else if (segment.sequence !== this.#serverInitial) throw new Error("another SYN+ACK");
      this.acknowledge();
      this.#act();
      return;
    }
    if (this.state === "connecting") return;
    const acknowledged = distance(advance(this.#initial, 1), segment.acknowledgement);
    if (acknowledged > this.#queued + 1) throw new Error("acknowledged what was never sent");
    if (acknowledged > this.#acknowledged) {
      this.#acknowledged = acknowledged;
      this.#attempts = 0;
    }
    this.#take(segment);
    this.#act();
  }

  #take(segment: Segment): void {
    const { payload, flags } = segment;
    const offset = this.#offsetOf(segment.sequence);
    const isEmpty = payload.length === 0 && (flags & FIN) === 0;
    if (isEmpty) return;
    this.segmentPayloadMax = Math.max(this.segmentPayloadMax, payload.length);
    const beyond = offset + payload.length - (this.receivedBytes + this.window);
    if (this.window > 0) this.overrunBytes = Math.max(this.overrunBytes, beyond);
    if ((flags & FIN) !== 0) this.#serverEnd = offset + payload.length;
    if (payload.length > 0 && this.window > 0) this.#ahead.set(offset, payload);
    for (let found = true; found; ) {
      found = false;
      for (const [at, bytes] of this.#ahead) {
        if (at > this.receivedBytes) continue;
        this.#ahead.delete(at);
        found = true;
        const fresh = bytes.subarray(Math.min(bytes.length, this.receivedBytes - at));
        this.#received.push(fresh);
        this.receivedBytes += fresh.length;
      }
    }
    this.acknowledge();
  }

  #act(): void {
    const { requests, sendAt = [], closeAt } = this.#options;
    while (this.#sent < requests.length && this.receivedBytes >= (sendAt[this.#sent] ?? 0)) {
      this.#output = new Uint8Array(Buffer.concat([this.#output, requests[this.#sent]!]));
      this.#sent++;
    }
    const isEnough = closeAt !== undefined && this.receivedBytes >= closeAt;
    if (this.#sent === requests.length && (isEnough || this.isServerDone)) this.#isClosing = true;
    this.#flush(this.#queued);
    if (this.isServerDone && this.#isClosing && this.#acknowledged > this.#output.length) {
      this.state = "closed";
    }
  }

  #sent = 0;

  /** Send from this offset on, the end included. */
  #flush(from: number): void {
    const size = this.#options.segmentBytes ?? 1_460;
    const end = this.#output.length;
    for (let at = from; at < end; at += size) {
      const piece = this.#output.subarray(at, Math.min(end, at + size));
      this.#send(ACK | PSH, advance(this.#initial, 1 + at), piece);
    }
    if (this.#isClosing && from <= end) {
      this.#send(ACK | FIN, advance(this.#initial, 1 + end), NONE);
      this.#queued = end + 1;
    } else if (end > this.#queued) this.#queued = end;
  }

  #repeat(): void {
    this.#link.timers.after(400, () => {
      if (this.state === "reset" || this.state === "gave-up") return;
      if (this.state === "closed") return;
      const isWaiting = this.state === "connecting" || this.#acknowledged < this.#queued;
      if (isWaiting && ++this.#attempts > 100) {
        this.state = "gave-up";
        return;
      }
      if (this.state === "connecting") this.#sendSyn();
      else if (isWaiting) this.#flush(this.#acknowledged);
      this.#repeat();
    });
  }

  #sendSyn(): void {
    this.#send(
      SYN,
      this.#initial,
      NONE,
      emitTcpOptions({ maximumSegmentSize: this.#options.mss ?? 1_460 }),
    );
  }

  #next(): number {
    return advance(this.#initial, 1 + this.#queued);
  }

  #offsetOf(sequence: number): number {
    const expected = advance(this.#serverInitial, 1 + this.receivedBytes);
    return this.receivedBytes + distance(expected, sequence);
  }

  #send(flags: number, sequence: number, payload: Uint8Array, options = NONE): void {
    const received = this.receivedBytes + (this.isServerDone ? 1 : 0);
    this.#link.send(
      emitTcpFrame({
        destinationMac: GATEWAY_MAC,
        sourceMac: BOT_MAC,
        source: BOT_ADDRESS,
        destination: this.#options.server.address,
        tcp: {
          sourcePort: this.port,
          destinationPort: this.#options.server.port,
          sequence,
          acknowledgement: (flags & ACK) === 0 ? 0 : advance(this.#serverInitial, 1 + received),
          flags,
          window: this.window,
          options,
        },
        payload,
      }),
    );
  }
}
