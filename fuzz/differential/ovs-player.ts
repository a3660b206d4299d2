import { setTimeout } from "node:timers/promises";
import type { Arrival, OvsBridge } from "../../lab/ovs/ovs-bridge.ts";
import type { SentFrame } from "../../src/case/device.ts";
import { isFlowLine, recordedFlowLine } from "../../src/case/flow-line.ts";
import type { Operation, Outcome } from "./operation.ts";

const SWEEP_TRIES_MAX = 100;
const SWEEP_MS = 1;
const WATCH_MS = 300;

/** Longer than any fragment is kept. */
const PAUSE_MS = 1_000_000;

/** Operations that are done; what came of them may still be asked for. */
export interface Played {
  readonly outcome: Promise<Outcome>;
}

/** The real switch, on which packets wait for each other as little as they can. */
export class OvsPlayer {
  readonly #bridge: OvsBridge;

  constructor(bridge: OvsBridge) {
    this.#bridge = bridge;
  }

  /** New rules, no connection, no fragment; rejects with InputError for what Open vSwitch does not take. */
  async begin(rules: string): Promise<void> {
    await this.#bridge.warp(PAUSE_MS);
    // Not with the next packet: then fragments leave that have waited too long.
    while (!/num frag: 0\b/.test(await this.#bridge.appctl("dpctl/ipf-get-status")))
      await setTimeout(SWEEP_MS);
    // What has not been counted yet would be counted for the new rules.
    await this.#bridge.appctl("revalidator/purge");
    await this.#bridge.replaceFlows(rules);
  }

  /**
   * Plays operations from no connection on; resolves when the next ones can be played. `patient`: a packet waits for the
   * one before, and the caches are emptied between them.
   */
  async play(operations: readonly Operation[], patient: boolean): Promise<Played> {
    const sent: SentFrame[] = [];
    let swept = true;
    let waiting: Arrival[] = [];
    const send = async () => {
      if (waiting.length > 0) sent.push(...(await this.#exchange(waiting)));
      waiting = [];
    };
    // The daemon does its commands in order, so nobody has to wait for the answer.
    const asked = [this.#bridge.appctl("dpctl/flush-conntrack")];
    for (const operation of operations) {
      if (operation.op === "packet") {
        waiting.push(operation);
        if (!patient) continue;
        asked.push(this.#bridge.appctl("revalidator/purge"));
        await send();
        continue;
      }
      await send();
      if (operation.op === "flush") {
        asked.push(this.#bridge.appctl("dpctl/flush-conntrack", ...operation.args));
        continue;
      }
      await this.#bridge.warp(operation.ms);
      if (!(await this.#sweeps())) swept = false;
    }
    await send();
    const dumped = this.#bridge.appctl("dpctl/dump-conntrack");
    const outcome = Promise.all([dumped, ...asked]).then(([text]) => {
      const lines = text.split("\n").filter((line) => line !== "");
      return { sent, conntrack: lines.sort(), swept };
    });
    return { outcome };
  }

  /** Rejects at once where the daemon is gone, and not when a batch should be done. */
  async #exchange(arrivals: readonly Arrival[]): Promise<SentFrame[]> {
    const gone = Promise.withResolvers<never>();
    const watch = setInterval(() => {
      this.#bridge.appctl("version").catch(gone.reject);
    }, WATCH_MS);
    const exchanged = this.#bridge.exchange(arrivals, { relayed: true });
    // Nobody waits for it any more where the daemon is gone.
    exchanged.catch(() => {});
    try {
      return await Promise.race([exchanged, gone.promise]);
    } finally {
      clearInterval(watch);
    }
  }

  /** Waits until what is over is gone; false where that takes too long. */
  async #sweeps(): Promise<boolean> {
    for (let i = 0; i < SWEEP_TRIES_MAX; i++) {
      const [count, listed] = await Promise.all([
        this.#bridge.appctl("dpctl/ct-get-nconns"),
        this.#bridge.appctl("dpctl/dump-conntrack"),
      ]);
      if (Number(count) === listed.split("\n").length - 1) return true;
      await setTimeout(SWEEP_MS);
    }
    return false;
  }

  async dumpFlows(): Promise<string[]> {
    return (await this.#bridge.dumpFlows()).filter(isFlowLine).map(recordedFlowLine);
  }
}
