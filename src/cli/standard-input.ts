import { InputError } from "../base/errors.ts";
import { fileError } from "./files.ts";

/** What a capture on standard input is called. */
export const STANDARD_INPUT = "-";

/** Standard input that gives nothing for so long is live: somebody waits for what there is so far. */
const PAUSE_MS = 100;
/** How long the input may go on after a signal. A pipeline gets Ctrl-C as a whole: `tcpdump` then writes its last packets. */
const LAST_WORDS_MS = 500;

/**
 * Standard input, piece by piece as it comes. `onPause` is called each time that nothing more comes for a while. The first
 * SIGINT or SIGTERM ends the input in order; the second ends the program as usual. Throws InputError for a terminal.
 */
export async function* standardInput(
  onPause: () => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { stdin } = process;
  if (stdin.isTTY)
    throw new InputError("standard input is a terminal, not a capture", {
      where: STANDARD_INPUT,
      mend: "tcpdump -w - | isoreplay extract -",
    });
  let changed = Promise.withResolvers<void>();
  const wake = () => changed.resolve();
  const state: { ended: boolean; failure: Error | null } = { ended: false, failure: null };
  let lastWords: NodeJS.Timeout | undefined;
  const end = () => {
    state.ended = true;
    wake();
  };
  const onError = (error: Error) => {
    state.failure = error;
    wake();
  };
  const onSignal = () => {
    forget();
    lastWords = setTimeout(end, LAST_WORDS_MS);
  };
  const forget = () => {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  stdin.on("readable", wake).on("end", end).on("error", onError);
  try {
    let paused = false;
    while (!state.ended) {
      // Replaced before the stream is asked, so that nothing which happens from here on is missed.
      changed = Promise.withResolvers<void>();
      const piece = stdin.read() as Uint8Array | null;
      if (piece !== null) {
        paused = false;
        yield piece;
      } else if (state.failure !== null) throw fileError(STANDARD_INPUT, state.failure);
      else if (paused) await changed.promise;
      else {
        const pause = setTimeout(() => {
          paused = true;
          wake();
        }, PAUSE_MS);
        await changed.promise;
        clearTimeout(pause);
        if (paused) await onPause();
      }
    }
  } finally {
    clearTimeout(lastWords);
    forget();
    stdin.off("readable", wake).off("end", end).off("error", onError);
    // What still comes is not wanted, and shall not keep the program alive.
    stdin.destroy();
  }
}
