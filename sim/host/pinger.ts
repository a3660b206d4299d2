import type { Random } from "../../src/base/random.ts";
import { ICMP_TYPE, type IcmpEcho } from "../../src/wire/icmp.ts";
import type { Scheduled, Scheduler } from "../scheduler.ts";
import type { IpLayer } from "./ip-layer.ts";
import { never } from "./tcp-socket.ts";

/** What `ping` on Linux sends: 56 bytes. */
const PAYLOAD = Uint8Array.from({ length: 56 }, (_, i) => i);

interface Question {
  readonly address: string;
  readonly sentNs: number;
  readonly timer: Scheduled;
  readonly settle: (ms: number | null) => void;
}

/** Asks for ICMP echoes (RFC 792). */
export class Pinger {
  readonly #ip: IpLayer;
  readonly #scheduler: Scheduler;
  readonly #identifier: number;
  readonly #questions = new Map<number, Question>();
  #sequence = 0;
  #halted = false;

  constructor(ip: IpLayer, scheduler: Scheduler, random: Random) {
    this.#ip = ip;
    this.#scheduler = scheduler;
    this.#identifier = random.int(0, 0xffff);
  }

  ping(address: string, timeoutMs: number): Promise<number | null> {
    if (this.#halted) return never();
    this.#sequence = (this.#sequence + 1) & 0xffff;
    const sequence = this.#sequence;
    return new Promise((resolve) => {
      const sentNs = this.#scheduler.nowNumber;
      const settle = (ms: number | null) => {
        this.#questions.delete(sequence);
        this.#scheduler.cancel(timer);
        this.#scheduler.wake();
        resolve(ms);
      };
      const timer = this.#scheduler.at(sentNs + timeoutMs * 1e6, settle, null);
      this.#questions.set(sequence, { address, sentNs, timer, settle });
      const echo: IcmpEcho = {
        kind: "echo",
        type: ICMP_TYPE.echoRequest,
        code: 0,
        identifier: this.#identifier,
        sequence,
        payload: PAYLOAD,
      };
      if (!this.#ip.sendPacket(address, { icmp: echo })) settle(null);
    });
  }

  /** An echo reply came in. */
  receive(from: string, echo: IcmpEcho): void {
    if (echo.identifier !== this.#identifier) return;
    const question = this.#questions.get(echo.sequence);
    if (question === undefined || question.address !== from) return;
    question.settle((this.#scheduler.nowNumber - question.sentNs) / 1e6);
  }

  halt(): void {
    this.#halted = true;
    for (const question of this.#questions.values()) this.#scheduler.cancel(question.timer);
    this.#questions.clear();
  }
}
