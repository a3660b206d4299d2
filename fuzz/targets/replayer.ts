import { Random } from "../../src/base/random.ts";
import { ManualTimers } from "../../src/replay/manual-timers.fixture.ts";
import { PacketReplayer } from "../../src/replay/packet-replayer.ts";
import { isMalformed } from "../../src/wire/malformed.ts";
import { parseFrame, wrongChecksum } from "../../src/wire/packet.ts";
import { makeTalk } from "../seeds/make-capture.ts";
import { makeFrames } from "../seeds/make-frames.ts";
import { TALKS } from "../seeds/talks.ts";
import { BOT_ENDS, recordTape } from "../seeds/tape.ts";
import { Contradiction, type Target } from "../target.ts";
import { readPieces } from "./captures.ts";

const TAPES = TALKS.map(recordTape);
const random = Random.from("replayer");
/** Longer than any timeout of a connection. */
const LONG_MS = 3 * 3_600_000;

/** Frames of a bot that does as it likes. What comes back is whole TCP with right checksums, and all ends in the end. */
export const replayer: Target = {
  name: "replayer",
  share: 3,
  make(own) {
    const talk = own.chance(0.7) ? own.pick(TALKS) : makeTalk(own);
    return makeFrames(own, talk, BOT_ENDS, 0.2);
  },
  async run(input) {
    const { records } = await readPieces(input, input.length);
    const timers = new ManualTimers();
    let put: (frame: Uint8Array) => void = () => {};
    const port = {
      timers,
      send: checkSent,
      onFrame: (handler: (frame: Uint8Array) => void) => {
        put = handler;
      },
    };
    const tape = TAPES[input.length % TAPES.length]!;
    const replayer = new PacketReplayer(port, tape, {
      miss: input.length % 2 === 0 ? "close" : "empty-200",
      random,
      initialSequence: () => 5_000,
    });
    for (const { bytes } of records) {
      put(bytes);
      timers.advance(3);
    }
    timers.advance(LONG_MS);
    if (timers.pending > 0) throw new Contradiction("it tries for ever");
    replayer.stop();
    if (timers.pending > 0) throw new Contradiction("a timer is left after stop");
  },
};

function checkSent(bytes: Uint8Array): void {
  const frame = parseFrame(bytes);
  if (isMalformed(frame) || frame.tcp === undefined) throw new Contradiction("sent no TCP");
  if (wrongChecksum(bytes, frame) !== undefined) throw new Contradiction("sent a wrong checksum");
}
