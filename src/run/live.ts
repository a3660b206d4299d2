import type { Observation } from "../feature/observation.ts";
import { Windows } from "../feature/windows.ts";
import { Extractor } from "../http/extractor.ts";
import type { Transaction } from "../http/transaction.ts";
import { LINKTYPE_ETHERNET } from "../pcap/link-types.ts";
import type { Frame } from "../wire/frame.ts";

export interface LiveCallbacks {
  readonly onTransaction: (transaction: Transaction) => void;
  readonly onObservation: (observation: Observation) => void;
}

/**
 * Frames of a tap → transactions → observations, as they happen: the same extractor and the same windows that read
 * captures. The messages' bytes are kept, because a judged conversation becomes the tape of the replay.
 *
 * A tap is one side of whatever translates addresses, so that nothing is seen twice; and a server that moves between
 * addresses has a conversation at each, because a verdict cannot wait for the next address. `observeCapture` puts
 * together what a whole capture shows.
 */
export class LiveAnalysis {
  readonly #extractor: Extractor;
  readonly #windows: Windows;

  constructor(gapS: number, callbacks: LiveCallbacks) {
    const windows = new Windows({ gapS, onObservation: callbacks.onObservation });
    this.#windows = windows;
    this.#extractor = new Extractor({
      keepBytes: true,
      onTransaction: (transaction) => {
        windows.add(transaction);
        callbacks.onTransaction(transaction);
      },
    });
  }

  frame(frame: Frame): void {
    this.#extractor.frame(LINKTYPE_ETHERNET, frame);
  }

  /**
   * Close the windows whose gap has passed by now. `shownUntilNs` says up to when everything has been shown, and is asked only
   * if there is something to close: what is still on its way from the sensor may belong to it.
   */
  advance(nowNs: bigint, shownUntilNs: () => bigint): void {
    if (this.#windows.isDue(nowNs)) this.#windows.advance(shownUntilNs());
  }

  /** Close the windows that are open: what comes from now on begins another one. */
  closeWindows(): void {
    this.#windows.finish();
  }

  /** Nothing more will come: close everything. */
  finish(): void {
    this.#extractor.finish();
    this.#windows.finish();
  }
}
