import type { Random } from "../src/base/random.ts";
import { BLOCK_TYPE } from "../src/pcap/pcapng-block.ts";
import { PcapngWriter } from "../src/pcap/pcapng-writer.ts";
import { classicPcap, ETHERNET, pcap } from "./capture-files.ts";
import { type GoldenCase, pcapCase, pcapngCase } from "./golden-case.ts";
import { cooked, ethernet, join, LINKTYPE } from "./link-layers.ts";
import { answer, filler, get, post } from "./messages.ts";
import { BlockWriter, type Option } from "./pcapng-blocks.ts";
import { Talk } from "./talk.ts";
import { Tape, type TapedPacket } from "./tape.ts";

/** One GET; each packet comes 1234 ns later in its place, so that the two resolutions give different times. */
function oneGet(random: Random): Tape {
  const tape = new Tape();
  new Talk(tape, random)
    .open()
    .say("client", get("/gate.php"))
    .say("server", answer(filler(random, 40)))
    .close();
  for (const [i, packet] of tape.packets.entries()) {
    tape.packets[i] = { ...packet, timeNs: packet.timeNs + BigInt(i) * 1_234n };
  }
  return tape;
}

/** Two connections, each on an interface of its own. */
function twoInterfaces(random: Random): Uint8Array {
  const tape = new Tape();
  new Talk(tape, random).open().say("client", get("/one")).say("server", answer("first")).close();
  const lengthOfFirst = tape.packets.length;
  new Talk(tape, random, { clientPort: 40_002 })
    .open()
    .say("client", get("/two"))
    .say("server", answer("second"))
    .close();
  const pieces: Uint8Array[] = [];
  const writer = new PcapngWriter(
    (piece) => pieces.push(piece),
    [
      { name: "eth0", linkType: LINKTYPE.ethernet },
      { name: "any", linkType: LINKTYPE.cooked },
    ],
  );
  for (const [i, { timeNs, bytes, isFromClient }] of tape.packets.entries()) {
    const comment = `packet ${i}`;
    if (i < lengthOfFirst) {
      writer.write({ timeNs, bytes: ethernet(bytes, isFromClient), port: 0 }, { comment });
    } else writer.write({ timeNs, bytes: cooked(bytes, isFromClient), port: 1 });
  }
  writer.end();
  return join(...pieces);
}

const ascii = (text: string) => Buffer.from(text, "latin1");

/** One conversation whose two directions are on two interfaces that count time differently. */
function optionsOfAllKinds(random: Random): Uint8Array {
  const tape = new Tape();
  new Talk(tape, random)
    .open()
    .say("client", get("/gate.php"))
    .say("server", answer(filler(random, 40)))
    .close();
  const file = new BlockWriter(true);
  const offset = 1_704_000_000n;
  file.describe(LINKTYPE.ethernet, [
    [2, ascii("eth0")],
    [3, ascii("towards the server")],
    [9, Uint8Array.of(0x80 | 20)],
    [14, file.wide(offset)],
    [0x8123, ascii("private, not known")],
  ]);
  file.block(BLOCK_TYPE.nameResolution, new Uint8Array(4));
  // No resolution: microseconds.
  file.describe(LINKTYPE.ethernet, []);
  file.block(BLOCK_TYPE.custom, Uint8Array.of(0, 0, 0x7e, 0xd9, 1, 2, 3, 4));
  for (const packet of tape.packets) {
    const frame = ETHERNET(packet, 0);
    const flags: Option = [2, Uint8Array.of(packet.isFromClient ? 2 : 1, 0, 0, 0)];
    if (packet.isFromClient) {
      const since = packet.timeNs - offset * 1_000_000_000n;
      // Rounded up: a part of a tick less would be a nanosecond before the packet.
      const ticks = ((since << 20n) + 999_999_999n) / 1_000_000_000n;
      file.packet(0, ticks, frame, [flags]);
    } else file.packet(1, packet.timeNs / 1_000n, frame, [flags, [1, ascii("from the server")]]);
  }
  file.block(BLOCK_TYPE.interfaceStatistics, new Uint8Array(12));
  return file.done();
}

/** The request in a section in one byte order, the answer in a second one in the other; interfaces count anew. */
function twoSections(random: Random): Uint8Array {
  const tape = new Tape();
  new Talk(tape, random)
    .open()
    .say("client", get("/gate.php"))
    .say("server", answer(filler(random, 40)))
    .close();
  const section = (little: boolean, packets: readonly TapedPacket[]) => {
    const file = new BlockWriter(little);
    if (!little) file.describe(LINKTYPE.cooked, []);
    file.describe(LINKTYPE.ethernet, []);
    for (const packet of packets) {
      file.packet(little ? 0 : 1, packet.timeNs / 1_000n, ETHERNET(packet, 0));
    }
    return file.done();
  };
  return join(section(false, tape.packets.slice(0, 4)), section(true, tape.packets.slice(4)));
}

/** Ends within the packet that has the rest of a body. */
function cutFile(random: Random): Uint8Array {
  const tape = new Tape();
  const body = filler(random, 200);
  const whole = answer(body);
  new Talk(tape, random)
    .open()
    .say("client", get("/whole"))
    .say("server", answer("whole"))
    .say("client", get("/cut"))
    .say("server", whole.slice(0, -120))
    .say("server", whole.slice(-120));
  return pcap(tape).subarray(0, -20);
}

/** 150 bytes of each packet are kept. */
function cutPackets(random: Random): Uint8Array {
  const tape = new Tape();
  new Talk(tape, random)
    .open()
    .say("client", post("/gate.php", filler(random, 100)))
    .say("server", answer(filler(random, 300)))
    .say("client", get("/small"))
    .say("server", answer("small"))
    .close();
  return classicPcap(tape, { little: true, magic: 0xa1b2c3d4, snapLength: 150 });
}

export const FILE_CASES: readonly GoldenCase[] = [
  pcapCase("pcap-little-endian-microseconds", (random) =>
    classicPcap(oneGet(random), { little: true, magic: 0xa1b2c3d4 }),
  ),
  pcapCase("pcap-little-endian-nanoseconds", (random) => pcap(oneGet(random))),
  pcapCase("pcap-big-endian-microseconds", (random) =>
    classicPcap(oneGet(random), { little: false, magic: 0xa1b2c3d4 }),
  ),
  pcapCase("pcap-big-endian-nanoseconds", (random) =>
    classicPcap(oneGet(random), { little: false, magic: 0xa1b23c4d }),
  ),
  pcapCase("pcap-modified", (random) =>
    classicPcap(oneGet(random), { little: true, magic: 0xa1b2cd34 }),
  ),
  pcapngCase("pcapng-two-interfaces", twoInterfaces),
  pcapngCase("pcapng-options", optionsOfAllKinds),
  pcapngCase("pcapng-two-sections", twoSections),
  pcapCase("cut-file", cutFile),
  pcapCase("cut-packets", cutPackets),
];
