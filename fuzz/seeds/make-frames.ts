import type { Random } from "../../src/base/random.ts";
import { mutatePackets } from "../mutate/packets.ts";
import { captureOf } from "./capture.ts";
import { type Ends, framesOf, randomFraming } from "./segments.ts";
import type { Saying } from "./talks.ts";

/**
 * A capture of Ethernet frames of one connection, mutated packet by packet. `ofServer`: how probably the server's own
 * frames are in it, too.
 */
export function makeFrames(
  random: Random,
  talk: readonly Saying[],
  ends: Ends,
  ofServer: number,
): Uint8Array {
  const withServer = random.chance(ofServer);
  const framing = randomFraming(random, talk);
  const vlan = random.chance(0.9) ? {} : { vlan: 5 };
  const { segmentBytes, handshake, ending } = framing;
  const sent = framesOf(talk, ends, { segmentBytes, handshake, ending, ...vlan });
  const packets = sent
    .filter(({ from }) => from === 0 || withServer)
    .map(({ bytes }) => ({ linkType: 1, bytes }));
  return captureOf(mutatePackets(random, packets), "pcap");
}
