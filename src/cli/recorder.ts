import { elapsedMs } from "../base/clock.ts";
import { LINKTYPE_ETHERNET } from "../pcap/link-types.ts";
import { PcapWriter } from "../pcap/writer.ts";
import type { RunFolder } from "../run/folder.ts";
import type { HashedFile } from "../run/hashed-file.ts";
import type { Watch } from "../run/lab.ts";
import type { TapName } from "../run/plan.ts";
import type { Stage } from "../run/round.ts";

const TAPS: readonly TapName[] = ["uplink", "isolation", "outlet"];

/** Writes what passes into the run folder as it passes: a capture for each tap and round, and the events of all rounds. */
export class Recorder {
  readonly #folder: RunFolder;
  readonly #events: HashedFile;
  readonly #writers: PcapWriter[] = [];

  constructor(folder: RunFolder) {
    this.#folder = folder;
    this.#events = folder.file("events.jsonl");
  }

  /** What sees the frames and events of a round. */
  watch(round: number): Watch {
    const captures = new Map(
      TAPS.map((tap) => {
        const file = this.#folder.file(`round-${round}-${tap}.pcap`);
        const writer = new PcapWriter((bytes) => file.write(bytes), LINKTYPE_ETHERNET);
        this.#writers.push(writer);
        return [tap, writer] as const;
      }),
    );
    return {
      frame: (tap, frame) => captures.get(tap)?.write(frame),
      event: (host, timeNs, event) =>
        this.#write({ round, timeS: seconds(timeNs), host, ...event }),
      effect: (host, { kind, timeNs, network, detail }) =>
        this.#write({
          round,
          timeS: seconds(timeNs),
          host,
          kind: "guest.effect",
          effect: kind,
          network,
          detail,
        }),
    };
  }

  stage(round: number, stage: Stage, detail: string): void {
    this.#write({ round, kind: `loop.${stage}`, detail });
  }

  /** Hand the last bytes of each capture to its file. */
  end(): void {
    for (const writer of this.#writers) writer.end();
  }

  #write(event: Readonly<Record<string, unknown>>): void {
    this.#events.write(`${JSON.stringify(event)}\n`);
  }
}

function seconds(timeNs: bigint): number {
  return elapsedMs(0n, timeNs) / 1000;
}
