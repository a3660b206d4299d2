import type { Random } from "../../src/base/random.ts";
import { emitTcpFrame } from "../../src/wire/packet.ts";
import type { Saying } from "./talks.ts";

/** The two ends of a connection as frames name them. */
export interface Ends {
  readonly macs: readonly [string, string];
  readonly addresses: readonly [string, string];
  readonly ports: readonly [number, number];
  /** Initial sequence numbers. */
  readonly initial: readonly [number, number];
}

/** A frame and the end that sent it. */
export interface Sent {
  readonly from: 0 | 1;
  readonly bytes: Uint8Array;
}

export interface FramingOptions {
  readonly vlan?: number;
  /** Payload of one segment at most. */
  readonly segmentBytes: number;
  /** How the connection begins and ends. */
  readonly handshake: boolean;
  readonly ending: "fin" | "rst" | "none";
}

const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;

/** The Ethernet frames of a conversation as a capture would hold them. */
export function framesOf(
  talk: readonly Saying[],
  ends: Ends,
  options: FramingOptions,
): readonly Sent[] {
  const sent: Sent[] = [];
  const next: [number, number] = [ends.initial[0], ends.initial[1]];
  const send = (from: 0 | 1, flags: number, payload: Uint8Array = EMPTY) => {
    const to = from === 0 ? 1 : 0;
    const bytes = emitTcpFrame({
      sourceMac: ends.macs[from],
      destinationMac: ends.macs[to],
      ...(options.vlan === undefined ? {} : { vlan: options.vlan }),
      source: ends.addresses[from],
      destination: ends.addresses[to],
      tcp: {
        sourcePort: ends.ports[from],
        destinationPort: ends.ports[to],
        sequence: next[from],
        acknowledgement: (flags & ACK) === 0 ? 0 : next[to],
        flags,
        window: 65_535,
      },
      payload,
    });
    sent.push({ from, bytes });
    const consumed = payload.length + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
    next[from] = (next[from] + consumed) >>> 0;
  };
  if (options.handshake) {
    send(0, SYN);
    send(1, SYN | ACK);
    send(0, ACK);
  } else {
    next[0] = (next[0] + 1) >>> 0;
    next[1] = (next[1] + 1) >>> 0;
  }
  for (const { from, text } of talk) {
    const bytes = Buffer.from(text, "latin1");
    for (let at = 0; at < bytes.length; at += options.segmentBytes) {
      send(from, PSH | ACK, bytes.subarray(at, at + options.segmentBytes));
    }
    send(from === 0 ? 1 : 0, ACK);
  }
  if (options.ending === "rst") send(1, RST);
  else if (options.ending === "fin") {
    send(0, FIN | ACK);
    send(1, FIN | ACK);
    send(0, ACK);
  }
  return sent;
}

/** How a random connection is cut into segments; tiny ones now and then. */
export function randomFraming(random: Random, talk: readonly Saying[]): FramingOptions {
  const length = talk.reduce((sum, { text }) => sum + text.length, 0);
  // A long text in tiny segments would make a slow input and no new case.
  const least = Math.max(1, Math.ceil(length / 24));
  return {
    segmentBytes: Math.max(least, random.pick([1, 7, 40, 536, 1_448])),
    handshake: random.chance(0.85),
    ending: random.pick(["fin", "fin", "rst", "none"] as const),
    ...(random.chance(0.15) ? { vlan: random.int(0, 4_095) } : {}),
  };
}

const EMPTY = new Uint8Array(0);
