import type { Random } from "../../src/base/random.ts";
import { Channel } from "../../src/openflow/channel.ts";
import { encodeMessage, TYPE } from "../../src/openflow/message.ts";
import { join, mutateBytes } from "../mutate/bytes.ts";
import { expectSame, type Target } from "../target.ts";

/** A packet-in as a switch sends it: no buffer, port 1, four bytes of a frame. */
const PACKET_IN = Buffer.from(
  "ffffffff0004010000000000000000000001000c800000040000000100000000" + "0000deadbeef",
  "hex",
);

/** What a switch says, mutated. */
function makeStream(random: Random): Uint8Array {
  const said = Array.from({ length: random.int(1, 6) }, () =>
    encodeMessage(
      random.chance(0.4) ? TYPE.packetIn : random.pick(Object.values(TYPE)),
      random.int(0, 5),
      random.chance(0.6) ? PACKET_IN : random.bytes(random.int(0, 40)),
    ),
  );
  const stream = join(encodeMessage(TYPE.hello, 0), ...said);
  return random.chance(0.85) ? mutateBytes(random, stream, random.pick(said)) : stream;
}

/** What a channel says and hears when the stream comes in pieces; "" where it ends the connection. */
function saidAndHeard(stream: Uint8Array, size: number): string {
  const log: string[] = [];
  const channel = new Channel({
    send: (bytes) => log.push(`send ${Buffer.from(bytes).toString("hex")}`),
    onPacketIn: ({ table, inPort, totalBytes, bytes }) =>
      log.push(`packet ${table} ${inPort} ${totalBytes} ${Buffer.from(bytes).toString("hex")}`),
    onReady: () => log.push("ready"),
    onError: (type, code) => log.push(`error ${type} ${code}`),
  });
  channel.open();
  try {
    for (let at = 0; at < stream.length; at += size)
      channel.receive(stream.subarray(at, at + size));
  } catch (error) {
    // What the channel throws by its own words; a RangeError of a DataView says "offset".
    if (!(error instanceof RangeError) || /offset/i.test(error.message)) throw error;
    return "";
  }
  return log.join("\n");
}

/** The controller's side of a switch's connection: the same however the stream comes in. */
export const openflow: Target = {
  name: "openflow",
  share: 8,
  make: makeStream,
  run(input) {
    const whole = saidAndHeard(input, Math.max(1, input.length));
    const size = Math.max(1 + (input.length % 13), Math.ceil(input.length / 500));
    expectSame("a channel in pieces", saidAndHeard(input, size), whole);
  },
};
