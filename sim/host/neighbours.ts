import { HOST_LIMITS } from "../../src/base/limits.ts";
import { ARP_OPERATION, type Arp } from "../../src/wire/arp.ts";
import { BROADCAST_MAC, ZERO_MAC } from "../../src/wire/mac.ts";
import { emitArpFrame } from "../../src/wire/packet.ts";
import type { Scheduled, Scheduler } from "../scheduler.ts";
import type { StackCounts } from "./counts.ts";
import { HOST } from "./host-parameters.ts";

interface Known {
  readonly mac: string;
  readonly untilNs: number;
}

interface Waiting {
  readonly found: (mac: string) => void;
  readonly failed: (() => void) | undefined;
}

interface Question {
  tries: number;
  timer: Scheduled;
  readonly waiting: Waiting[];
}

/** The ARP table of an interface (RFC 826): asks, answers, remembers. */
export class Neighbours {
  readonly #mac: string;
  readonly #address: string;
  readonly #scheduler: Scheduler;
  readonly #counts: StackCounts;
  readonly #send: (frame: Uint8Array) => void;
  readonly #known = new Map<string, Known>();
  readonly #questions = new Map<string, Question>();

  constructor(
    mac: string,
    address: string,
    scheduler: Scheduler,
    counts: StackCounts,
    send: (frame: Uint8Array) => void,
  ) {
    this.#mac = mac;
    this.#address = address;
    this.#scheduler = scheduler;
    this.#counts = counts;
    this.#send = send;
  }

  /** The MAC address, if it is known and not too old. */
  lookup(address: string): string | null {
    const known = this.#known.get(address);
    if (known === undefined) return null;
    if (known.untilNs > this.#scheduler.nowNumber) return known.mac;
    this.#known.delete(address);
    return null;
  }

  /** Call `found` once the MAC address is known: at once, or after an answer; or `failed` when nobody answers. */
  resolve(address: string, found: (mac: string) => void, failed?: () => void): void {
    const mac = this.lookup(address);
    if (mac !== null) {
      found(mac);
      return;
    }
    const waiting = { found, failed };
    const question = this.#questions.get(address);
    if (question === undefined) {
      const asked = { tries: 1, timer: this.#retryLater(address), waiting: [waiting] };
      this.#questions.set(address, asked);
      this.#ask(address);
      return;
    }
    if (question.waiting.length >= HOST_LIMITS.arpQueueMax) {
      this.#counts.unresolved++;
      return;
    }
    question.waiting.push(waiting);
  }

  /** An ARP packet came in. */
  receive(arp: Arp): void {
    const forUs = arp.targetAddress === this.#address;
    if (arp.senderAddress !== "0.0.0.0" && arp.senderAddress !== this.#address) {
      if (forUs || this.#known.has(arp.senderAddress))
        this.#learn(arp.senderAddress, arp.senderMac);
    }
    if (!forUs || arp.operation !== ARP_OPERATION.request) return;
    this.#send(
      emitArpFrame({
        destinationMac: arp.senderMac,
        sourceMac: this.#mac,
        arp: {
          operation: ARP_OPERATION.reply,
          senderMac: this.#mac,
          senderAddress: this.#address,
          targetMac: arp.senderMac,
          targetAddress: arp.senderAddress,
        },
      }),
    );
  }

  /** Forget everything and everybody who waits. */
  clear(): void {
    for (const question of this.#questions.values()) this.#scheduler.cancel(question.timer);
    this.#questions.clear();
    this.#known.clear();
  }

  #learn(address: string, mac: string): void {
    this.#known.delete(address);
    if (this.#known.size >= HOST_LIMITS.neighboursMax) {
      const oldest = this.#known.keys().next();
      if (!oldest.done) this.#known.delete(oldest.value);
    }
    this.#known.set(address, {
      mac,
      untilNs: this.#scheduler.nowNumber + HOST.neighbourNs,
    });
    const question = this.#questions.get(address);
    if (question === undefined) return;
    this.#questions.delete(address);
    this.#scheduler.cancel(question.timer);
    for (const waiting of question.waiting) waiting.found(mac);
  }

  #ask(address: string): void {
    this.#send(
      emitArpFrame({
        destinationMac: BROADCAST_MAC,
        sourceMac: this.#mac,
        arp: {
          operation: ARP_OPERATION.request,
          senderMac: this.#mac,
          senderAddress: this.#address,
          targetMac: ZERO_MAC,
          targetAddress: address,
        },
      }),
    );
  }

  #retryLater(address: string): Scheduled {
    const timeNs = this.#scheduler.nowNumber + HOST.arpRetryNs;
    return this.#scheduler.at(timeNs, () => this.#retry(address));
  }

  #retry(address: string): void {
    const question = this.#questions.get(address);
    if (question === undefined) return;
    if (question.tries < HOST.arpTries) {
      question.tries++;
      question.timer = this.#retryLater(address);
      this.#ask(address);
      return;
    }
    this.#questions.delete(address);
    this.#counts.unresolved += question.waiting.length;
    for (const waiting of question.waiting) waiting.failed?.();
  }
}
