import { setTimeout as sleep } from "node:timers/promises";
import { CloudError } from "./cloud-error.ts";

/** Something that a cloud will be, some time: a wait with a name and a deadline. */
export interface Awaited<T> {
  /** As a sentence says it: `server vm-a to be ACTIVE`. */
  readonly what: string;
  readonly deadlineMs: number;
  readonly pollMs?: number;
  /** Look once: what was waited for, or how far it is. Throws when it can never come. */
  look(): Promise<Look<T>>;
}

export type Look<T> = { readonly value: T } | { readonly now: string };

/** Wait until it has come. Rejects with CloudError `stuck`, with how far it was last, when the deadline passes first. */
export async function waitFor<T>({ what, deadlineMs, pollMs = 500, look }: Awaited<T>): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if ("value" in seen) return seen.value;
    if (performance.now() > end) {
      throw new CloudError(
        "stuck",
        `waited ${deadlineMs / 1000} s for ${what}; it is ${seen.now} still`,
      );
    }
    await sleep(pollMs);
  }
}
