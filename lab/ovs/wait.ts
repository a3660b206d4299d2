import { setTimeout as sleep } from "node:timers/promises";
import { LabUnavailableError } from "../../src/base/errors.ts";

/** Real time between two looks at what is waited for. */
const LOOK_MS = 5;

/** Look again and again until there is something. Rejects with LabUnavailableError when it does not come in time. */
export async function waitFor<T>(
  what: string,
  deadlineMs: number,
  look: () => Promise<T | null>,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > end)
      throw new LabUnavailableError(`${what} did not come within ${deadlineMs} ms`);
    await sleep(LOOK_MS);
  }
}
