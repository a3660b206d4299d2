import type { ProgramEvent } from "../host/host.ts";
import { LABELS } from "../replay/label.ts";
import type { ReplayAccount } from "../run/way.ts";

/** The account of a replayer that is a program on a host: what it reported of one guest. */
export class AnswerTally {
  readonly #guest: string;
  readonly #bytes = { recorded: 0, substituted: 0, refused: 0 };
  #answers = 0;
  #misses = 0;

  constructor(guest: string) {
    this.#guest = guest;
  }

  event(event: ProgramEvent): void {
    if (event.kind !== "replay.answer" || event.guest !== this.#guest) return;
    this.#answers++;
    if (event.label === "refused") this.#misses++;
    for (const label of LABELS) this.#bytes[label] += Number(event[label] ?? 0);
  }

  account(): ReplayAccount {
    return { answers: this.#answers, misses: this.#misses, bytes: { ...this.#bytes } };
  }
}
