import { LabUnavailableError } from "../../src/base/errors.ts";
import { ARP_OPERATION } from "../../src/wire/arp.ts";
import { BROADCAST_MAC, ZERO_MAC } from "../../src/wire/mac.ts";
import { isMalformed } from "../../src/wire/malformed.ts";
import { emitArpFrame, parseFrame } from "../../src/wire/packet.ts";
import { GATEWAY, GUEST } from "./variants.ts";

const ANSWER_MS_MAX = 2_000;
const ATTEMPTS_MAX = 5;

/**
 * Tells how far a bridge has come, by the one thing that the rules of isolation answer: a question for the gateway's MAC
 * address. Each has a number in the place of the asker's MAC address, which comes back in the answer.
 */
export class ArpSteps {
  readonly #waiting = new Map<string, () => void>();
  #number = 0;

  /** A frame came back to the guest. */
  seen(bytes: Uint8Array): void {
    const frame = parseFrame(bytes);
    if (isMalformed(frame) || frame.arp?.operation !== ARP_OPERATION.reply) return;
    const { targetMac } = frame.arp;
    this.#waiting.get(targetMac)?.();
  }

  /** Ask, and wait for the answer: everything that was sent before has then been looked up. Gives how often it asked. */
  async step(send: (frame: Uint8Array) => void): Promise<number> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      this.#number++;
      const hex = this.#number.toString(16).padStart(8, "0");
      const senderMac = `02:00:${hex.match(/../g)?.join(":")}`;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      this.#waiting.set(senderMac, () => resolve(true));
      const timer = setTimeout(() => resolve(false), ANSWER_MS_MAX);
      send(
        emitArpFrame({
          destinationMac: BROADCAST_MAC,
          sourceMac: GUEST.mac,
          arp: {
            operation: ARP_OPERATION.request,
            senderMac,
            senderAddress: GUEST.address,
            targetMac: ZERO_MAC,
            targetAddress: GATEWAY.address,
          },
        }),
      );
      const answered = await promise;
      clearTimeout(timer);
      this.#waiting.delete(senderMac);
      if (answered) return attempt;
    }
    throw new LabUnavailableError("the bridge does not answer the guest's ARP any more");
  }
}
