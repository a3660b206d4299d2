import { z } from "zod";
import { LabUnavailableError } from "../../src/base/errors.ts";
import type { CloudApi } from "./api.ts";
import { type GuestReport, readConsole } from "./guest/protocol.ts";

/** Asking costs nova something; what a guest says has time. */
const POLL_MS = 1_000;
const outputSchema = z.object({ output: z.string().nullable() });

export interface ConsoleEvents {
  readonly onReport: (report: GuestReport) => void;
  /** A report is missing, or nova does not tell any more. */
  readonly onFailure: (error: unknown) => void;
}

/** Reads what a server's guest says on its serial port, by way of the cloud's API: the guest needs no network for it. */
export class GuestConsole {
  readonly #api: CloudApi;
  readonly #server: string;
  readonly #events: ConsoleEvents;
  #last = 0;
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;

  constructor(api: CloudApi, server: string, events: ConsoleEvents) {
    this.#api = api;
    this.#server = server;
    this.#events = events;
    this.#next();
  }

  /** Nothing more is told. */
  stop(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      this.read()
        .then(() => {
          if (!this.#isOver) this.#next();
        })
        .catch((error: unknown) => {
          if (!this.#isOver) this.#events.onFailure(error);
        });
    }, POLL_MS);
  }

  /** Look now. */
  async read(): Promise<void> {
    const { output } = await this.#api.post(
      "compute",
      `/servers/${this.#server}/action`,
      { "os-getConsoleOutput": {} },
      outputSchema,
    );
    for (const { number, report } of readConsole(output ?? "")) {
      if (this.#isOver) return;
      if (number <= this.#last) continue;
      if (number > this.#last + 1) {
        throw new LabUnavailableError(
          `reports ${this.#last + 1} to ${number - 1} of the guest are missing in its console`,
          { where: `server ${this.#server}` },
        );
      }
      this.#last = number;
      this.#events.onReport(report);
    }
  }
}
