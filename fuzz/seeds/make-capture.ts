import type { Random } from "../../src/base/random.ts";
import { mutateFile } from "../mutate/file.ts";
import { mutatePackets } from "../mutate/packets.ts";
import { mutateText } from "../mutate/text.ts";
import { captureOf, FORMATS, type Packet } from "./capture.ts";
import { type Ends, framesOf, randomFraming } from "./segments.ts";
import { sharedCaptures } from "./shared.ts";
import { HTTP_WORDS, type Saying, TALKS } from "./talks.ts";
import { WRAPS } from "./wraps.ts";

/** A text of a capture that this cannot exceed: a repetition may have made it long. */
const TALK_BYTES_MAX = 16_384;

/** A conversation, sometimes with mutated messages. Its segments are still in order then. */
export function makeTalk(random: Random, mutation = 0.4): readonly Saying[] {
  const talk = random.pick(TALKS);
  if (!random.chance(mutation)) return talk;
  const at = random.int(0, talk.length - 1);
  return talk.map((saying, i) => {
    if (i !== at) return saying;
    const other = random.pick(random.pick(TALKS)).text;
    const text = mutateText(random, saying.text, HTTP_WORDS, other);
    return { ...saying, text: text.slice(0, TALK_BYTES_MAX) };
  });
}

/** A capture file made from the ground up, and mutated on one level or on several. */
export function makeCapture(random: Random): Uint8Array {
  if (shared.length > 0 && random.chance(0.15)) {
    const other = random.chance(0.5) ? random.pick(shared) : plainCapture(random);
    return mutateFile(random, random.pick(shared), other);
  }
  const packets = random.chance(0.8)
    ? mutatePackets(random, makePackets(random))
    : makePackets(random);
  const file = captureOf(packets, random.pick(FORMATS));
  return random.chance(0.35) ? mutateFile(random, file, plainCapture(random)) : file;
}

const shared = sharedCaptures();

function plainCapture(random: Random): Uint8Array {
  const ends = randomEnds(random);
  const talk = random.pick(TALKS);
  const sent = framesOf(talk, ends, { segmentBytes: 1_448, handshake: true, ending: "fin" });
  return captureOf(
    sent.map(({ bytes }) => ({ linkType: 1, bytes })),
    random.pick(FORMATS),
  );
}

/** One or two connections, in whatever a capture can hold them in. */
function makePackets(random: Random): readonly Packet[] {
  const packets = connection(random);
  if (!random.chance(0.2)) return packets;
  // Side by side, each in its own order.
  const [left, right] = [[...packets], [...connection(random)]];
  const mixed: Packet[] = [];
  while (left.length + right.length > 0) {
    const from = random.chance(left.length / (left.length + right.length)) ? left : right;
    mixed.push(from.shift()!);
  }
  return mixed;
}

function connection(random: Random): readonly Packet[] {
  const talk = makeTalk(random);
  const sent = framesOf(talk, randomEnds(random), randomFraming(random, talk));
  const isWrapped = random.chance(0.6);
  const wrap = random.pick(WRAPS);
  return sent.flatMap(({ bytes }) =>
    isWrapped && isPlainIp(bytes) ? wrap(bytes, random) : [{ linkType: 1, bytes }],
  );
}

function isPlainIp(frame: Uint8Array): boolean {
  return (frame[12] === 0x08 && frame[13] === 0) || (frame[12] === 0x86 && frame[13] === 0xdd);
}

function randomEnds(random: Random): Ends {
  const isIpv6 = random.chance(0.2);
  const client = random.int(1, 3);
  return {
    macs: [`52:54:00:00:00:0${client}`, "52:54:00:00:00:99"],
    addresses: isIpv6 ? [`fd00::${client}`, "fd00::99"] : [`10.0.0.${client}`, "203.0.113.10"],
    ports: [40_000 + random.int(0, 1), random.pick([80, 80, 8_080, 443])],
    // Near the wrap of sequence numbers now and then.
    initial: [random.pick([1_000, 0xffff_fff0, 0x7fff_fff8]), random.pick([5_000, 0xffff_ffff])],
  };
}
