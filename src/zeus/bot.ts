import { draw } from "../base/distribution.ts";
import { PROGRAM_LIMITS } from "../base/limits.ts";
import type { Guest } from "../host/guest.ts";
import type { ProgramHost } from "../host/host.ts";
import { HttpClient } from "../host/http-client.ts";
import {
  type Answer,
  type Order,
  openAnswer,
  openConfig,
  type Report,
  sealReport,
} from "./message.ts";
import type { BotProgram } from "./program.ts";

/** Tries of one request; then the bot gives the session up and sleeps. */
const TRIES = 3;
/** Wait before the second try, doubled for each further one, with up to a quarter of jitter. */
const BACKOFF_S = 1;
/** Time between two POSTs of one report, seconds. */
const POST_PAUSE_S = { least: 0.2, most: 1 };

/** How a session ended: told to sleep, without answers, guest powered off, or the host taken away. */
type Outcome = "slept" | "abandoned" | "powered-off" | "gone";

/** What to do once a report has been answered, or given up. */
interface Pending {
  readonly report: Report;
  readonly after: "nothing" | "cookies-posted" | "power-off";
}

/**
 * The emulated bot. In each session it fetches the configuration, reports in, and asks the gate until it is told to sleep; what a
 * command makes it do happens to the virtual guest only. Which requests it sends depends on the volume and on the
 * answers alone: the same answers in the same order lead a freshly booted bot through the same requests.
 */
export async function runBot(program: BotProgram, host: ProgramHost): Promise<void> {
  if (host.guest === null)
    throw new RangeError(`host ${host.name} has no guest for a bot to act on`);
  const bot = new Bot(program, host, host.guest);
  for (let session = 1; session <= program.sessions; session++) {
    if (session > 1) {
      await host.timers.sleep(1000 * program.sessionGapS * host.random.uniform(1, 1.2));
    }
    const outcome = await bot.session(session);
    if (outcome === "gone") return;
    if (outcome === "powered-off" && program.reboots !== true) return;
  }
}

class Bot {
  readonly #program: BotProgram;
  readonly #host: ProgramHost;
  readonly #guest: Guest;
  readonly #client: HttpClient;
  #gone = false;

  constructor(program: BotProgram, host: ProgramHost, guest: Guest) {
    this.#program = program;
    this.#host = host;
    this.#guest = guest;
    this.#client = new HttpClient(host, program.cnc, {
      keepAlive: program.connection === "keep-alive",
    });
  }

  async session(session: number): Promise<Outcome> {
    const { outcome, requests } = await this.#talk();
    this.#client.close();
    if (outcome !== "gone") this.#host.report({ kind: "bot.session", session, outcome, requests });
    // The report comes first: nothing of this program may be expected to run once the power is off.
    // A session leaves nothing in memory, so the bot of a guest that is switched on again may as well be this one.
    if (outcome === "powered-off" && this.#program.reboots !== true) this.#guest.powerOff();
    return outcome;
  }

  async #talk(): Promise<{ readonly outcome: Outcome; readonly requests: number }> {
    const { configPath, key } = this.#program.protocol;
    const gate = await this.#ask(0, "GET", configPath, (body) => openConfig(body, key));
    if (gate === null) return { outcome: this.#failed(), requests: 0 };
    let pending: Pending[] = [];
    for (let n = 1; n <= PROGRAM_LIMITS.sessionRequestsMax; n++) {
      const current = pending.shift();
      const answer = await this.#askGate(gate, n, current?.report);
      if (this.#gone) return { outcome: "gone", requests: n };
      if (current?.after === "power-off") {
        // The command has been received: it is carried out whether or not the acknowledgement arrived.
        this.#manifest("power-off", "os_shutdown");
        return { outcome: "powered-off", requests: n };
      }
      if (answer === null) return { outcome: "abandoned", requests: n };
      if (current?.after === "cookies-posted") {
        const { cookies } = this.#guest.volume;
        this.#manifest(
          "cookies-posted",
          `${cookies.length} cookies in ${current.report.part} posts`,
        );
      }
      if (answer.order !== null) pending = this.#obey(answer.order);
      if (answer.next === "sleep") return { outcome: "slept", requests: n };
      await this.#pause(pending.length > 0);
    }
    return { outcome: "slept", requests: PROGRAM_LIMITS.sessionRequestsMax };
  }

  #failed(): Outcome {
    return this.#gone ? "gone" : "abandoned";
  }

  /** What the order changes at once, and what is to be sent because of it. */
  #obey(order: Order): Pending[] {
    switch (order.command) {
      case "user_cookies_get":
        return this.#cookieReports(order.posts);
      case "user_homepage_set":
        this.#guest.volume.homepage = order.homepage;
        this.#manifest("homepage-set", order.homepage);
        return [{ report: { about: "homepage", part: 1, text: order.homepage }, after: "nothing" }];
      case "os_shutdown":
        return [{ report: { about: "shutdown", part: 1, text: "going" }, after: "power-off" }];
    }
  }

  /** The synthetic cookies of the guest's jar in `posts` parts. */
  #cookieReports(posts: number): Pending[] {
    const { cookies } = this.#guest.volume;
    return Array.from({ length: posts }, (_, i): Pending => {
      const from = Math.floor((i * cookies.length) / posts);
      const to = Math.floor(((i + 1) * cookies.length) / posts);
      const part = cookies.slice(from, to);
      const text = part.map((c) => `${c.site} ${c.name}=${c.value}`).join("; ");
      return {
        report: { about: "cookies", part: i + 1, text },
        after: i === posts - 1 ? "cookies-posted" : "nothing",
      };
    });
  }

  #manifest(kind: Parameters<Guest["manifest"]>[0], detail: string): void {
    this.#guest.manifest(kind, detail);
    this.#host.report({ kind: "bot.effect", effect: kind, detail });
  }

  #askGate(gate: string, n: number, report: Report | undefined): Promise<Answer | null> {
    const { key } = this.#program.protocol;
    const uri = `${gate}?id=${encodeURIComponent(this.#guest.volume.botId)}&n=${n}`;
    const read = (body: Uint8Array) => openAnswer(body, key);
    return report === undefined
      ? this.#ask(n, "GET", uri, read)
      : this.#ask(n, "POST", uri, read, sealReport(report, key));
  }

  /** Ask until the answer can be read, a bounded number of times. `null`: given up, or the host is gone. */
  async #ask<T>(
    n: number,
    method: string,
    uri: string,
    read: (body: Uint8Array) => T | null,
    body?: Uint8Array,
  ): Promise<T | null> {
    const { host } = this.#program.protocol;
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      if (attempt > 1) {
        const backoffS = BACKOFF_S * 2 ** (attempt - 2) * this.#host.random.uniform(1, 1.25);
        await this.#host.timers.sleep(1000 * backoffS);
      }
      const { response, failure } = await this.#client.request({
        method,
        uri,
        host,
        ...(body === undefined
          ? {}
          : { body, headers: [["Content-Type", "application/octet-stream"]] }),
      });
      // The guest's power or network was taken away under the bot.
      if (failure === "ECLOSED") {
        this.#gone = true;
        return null;
      }
      const answer = response?.status === 200 ? read(response.body) : null;
      this.#host.report({
        kind: "bot.request",
        n,
        attempt,
        method,
        uri,
        status: response?.status ?? null,
        bytes: response?.body.length ?? 0,
        outcome: answer !== null ? "answered" : (failure ?? "unreadable"),
      });
      if (answer !== null) return answer;
    }
    return null;
  }

  async #pause(posting: boolean): Promise<void> {
    const { random, timers } = this.#host;
    const seconds = posting
      ? random.uniform(POST_PAUSE_S.least, POST_PAUSE_S.most)
      : draw(random, this.#program.pollIntervalS);
    await timers.sleep(1000 * seconds);
  }
}
