import type { Random } from "../src/base/random.ts";
import { emitIpv4, parseIpv4 } from "../src/wire/ipv4.ts";
import { isMalformed } from "../src/wire/malformed.ts";
import { pcap } from "./capture-files.ts";
import { extended, ipv4Fragments, ipv6Fragments, type Part } from "./fragments.ts";
import { type GoldenCase, pcapCase } from "./golden-case.ts";
import { answer, filler, get } from "./messages.ts";
import { Talk, type TalkOptions } from "./talk.ts";
import { Tape } from "./tape.ts";

const IPV6: TalkOptions = { client: "2001:db8::10", server: "2001:db8::20" };
const END = 10_000;

/** Cuts for a payload: `0, 24, 48` gives [0, 24), [24, 48) and the rest. */
function cutAt(...places: readonly number[]): readonly Part[] {
  return places.map((start, i) => ({ start, end: places[i + 1] ?? END }));
}

/**
 * A GET and its answer whose packets go through `split`; everything else is whole.
 * 3 packets of opening, the parts of the request, the parts of the answer, 3 packets of closing.
 */
function inParts(
  random: Random,
  options: TalkOptions,
  split: (packet: Uint8Array, identification: number) => readonly Uint8Array[],
): Uint8Array {
  const tape = new Tape();
  const talk = new Talk(tape, random, options).open();
  const request = get("/gate.php");
  for (const part of split(talk.packet("client", request), 1)) tape.add(part, true);
  talk.skip("client", request.length);
  const response = answer(filler(random, 120));
  for (const part of split(talk.packet("server", response), 2)) tape.add(part, false);
  talk.skip("server", response.length).close();
  return pcap(tape);
}

function ipv4InParts(parts: readonly Part[], reversed = false): GoldenCase["make"] {
  return (random) =>
    inParts(random, {}, (packet) => {
      const fragments = ipv4Fragments(packet, parts);
      return reversed ? fragments.reverse() : fragments;
    });
}

function ipv6InParts(parts: readonly Part[], reversed = false): GoldenCase["make"] {
  return (random) =>
    inParts(random, IPV6, (packet, identification) => {
      const fragments = ipv6Fragments(packet, identification, parts);
      return reversed ? fragments.reverse() : fragments;
    });
}

/**
 * The second fragment says of bytes 32 to 39 something else than the first. The target stands at bytes 24 to 47 of the
 * datagram; the TCP checksum is that of the datagram in which the later copy is taken.
 */
function conflictingFragments(random: Random): Uint8Array {
  const tape = new Tape();
  const talk = new Talk(tape, random).open();
  const request = get("/aaaaaaabbbbbbbbbbbbbbbb");
  const packet = talk.packet("client", request);
  const [first, ...others] = ipv4Fragments(packet, [
    { start: 0, end: 40 },
    { start: 32, end: 48 },
    { start: 48, end: END },
  ]);
  const whole = parseIpv4(first!);
  if (isMalformed(whole)) throw new RangeError(whole.malformed);
  const payload = whole.payload.slice();
  payload.fill("c".charCodeAt(0), 32, 40);
  tape.add(emitIpv4({ ...whole, payload }), true);
  for (const other of others) tape.add(other, true);
  talk
    .skip("client", request.length)
    .say("server", answer(filler(random, 20)))
    .close();
  return pcap(tape);
}

/** Overlapping IPv6 fragments of a request, then the request again, in one piece and with another target. */
function overlappingIpv6(random: Random): Uint8Array {
  const tape = new Tape();
  const talk = new Talk(tape, random, IPV6).open();
  const parts = [
    { start: 0, end: 40 },
    { start: 32, end: 56 },
    { start: 56, end: END },
  ];
  const refused = talk.packet("client", get("/never-was"));
  for (const part of ipv6Fragments(refused, 77, parts)) tape.add(part, true);
  talk
    .say("client", get("/gate.php"))
    .say("server", answer(filler(random, 20)))
    .close();
  return pcap(tape);
}

/** Hop-by-hop and destination options, a routing header that is used up, and a fragment header around a whole packet. */
function manyExtensions(random: Random): Uint8Array {
  const padN = (length: number) => {
    const content = new Uint8Array(length);
    content[0] = 1;
    content[1] = length - 2;
    return content;
  };
  const tape = new Tape();
  new Talk(tape, random, IPV6)
    .open()
    .say("client", get("/gate.php"))
    .say("server", answer(filler(random, 40)))
    .close();
  for (const [i, packet] of tape.packets.entries()) {
    const bytes = extended(packet.bytes, [
      { type: 0, content: padN(6) },
      // Type 253, for experiments (RFC 3692); no segments left.
      { type: 43, content: Uint8Array.of(253, 0, 0, 0, 0, 0) },
      // Offset 0, nothing more to come: an atomic fragment. Its second byte is reserved, and 0 as a length of 8 would be.
      { type: 44, content: Uint8Array.of(0, 0, 0, 0, 0, 9) },
      { type: 60, content: padN(14) },
    ]);
    tape.packets[i] = { ...packet, bytes };
  }
  return pcap(tape);
}

export const IP_CASES: readonly GoldenCase[] = [
  pcapCase("ipv4-options", (random) => {
    const tape = new Tape();
    // Record route (RFC 791 §3.1) with room for two addresses, padded to 12 bytes.
    const ip = { options: Uint8Array.of(7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0) };
    new Talk(tape, random)
      .open()
      .say("client", get("/gate.php"), { ip })
      .say("server", answer(filler(random, 40)), { ip })
      .close();
    return pcap(tape);
  }),
  pcapCase("ipv4-fragments-in-order", ipv4InParts(cutAt(0, 24, 48))),
  pcapCase("ipv4-fragments-reversed", ipv4InParts(cutAt(0, 24, 48), true)),
  pcapCase(
    "ipv4-fragments-overlap-same",
    ipv4InParts([
      { start: 0, end: 40 },
      { start: 24, end: 48 },
      { start: 24, end: 48 },
      { start: 40, end: END },
    ]),
  ),
  pcapCase("ipv4-fragments-overlap-differs", conflictingFragments),
  pcapCase("ipv6-fragments-in-order", ipv6InParts(cutAt(0, 24, 48))),
  pcapCase("ipv6-fragments-reversed", ipv6InParts(cutAt(0, 24, 48), true)),
  pcapCase("ipv6-fragments-overlap", overlappingIpv6),
  pcapCase("ipv6-extension-headers", manyExtensions),
];
