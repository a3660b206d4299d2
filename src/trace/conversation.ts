import { isMalformed } from "../wire/malformed.ts";
import { parseFrame } from "../wire/packet.ts";
import { TCP_FLAG } from "../wire/tcp.ts";

/** First sequence numbers of who begins a conversation, and of who answers. Far apart, so that nobody mixes them up. */
const FIRST_SEQ = 1_000;
const ANSWER_SEQ = 5_000;

/** Conversations remembered; a trace has some tens of packets. */
const CONVERSATIONS_MAX = 100_000;

export interface TcpEnds {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface NextSegment {
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
}

/**
 * Remembers the TCP segments of a trace, so that the next one needs no sequence numbers to be believed: without them it
 * is what a polite peer would send next. Segments that leave the switch count, too: an answer to a translated segment
 * carries translated addresses.
 */
export class Conversations {
  /** By direction: the sequence number after everything that was sent. */
  readonly #next = new Map<string, number>();

  saw(bytes: Uint8Array): void {
    const frame = parseFrame(bytes);
    if (isMalformed(frame)) return;
    const { tcp } = frame;
    const ip = frame.ipv4 ?? frame.ipv6;
    if (tcp === undefined || ip === undefined) return;
    const { source, destination } = ip;
    const key = name({
      source,
      destination,
      sourcePort: tcp.sourcePort,
      destinationPort: tcp.destinationPort,
    });
    const counted =
      ((tcp.flags & TCP_FLAG.syn) !== 0 ? 1 : 0) + ((tcp.flags & TCP_FLAG.fin) !== 0 ? 1 : 0);
    if (this.#next.size >= CONVERSATIONS_MAX) this.#next.clear();
    this.#next.set(key, (tcp.sequence + frame.payload.length + counted) >>> 0);
  }

  /** The next segment from source to destination; `flags` and `seq` if they are given. */
  next(
    ends: TcpEnds,
    given: { readonly flags?: number | undefined; readonly seq?: number | undefined },
  ): NextSegment {
    const own = this.#next.get(name(ends));
    const other = this.#next.get(name(turned(ends)));
    const { syn, ack } = TCP_FLAG;
    const flags = given.flags ?? (own !== undefined ? ack : other === undefined ? syn : syn | ack);
    return {
      flags,
      seq: given.seq ?? own ?? (other === undefined ? FIRST_SEQ : ANSWER_SEQ),
      ack: (flags & ack) === 0 ? 0 : (other ?? 0),
    };
  }
}

function name({ source, destination, sourcePort, destinationPort }: TcpEnds): string {
  return `${source} ${sourcePort} ${destination} ${destinationPort}`;
}

function turned({ source, destination, sourcePort, destinationPort }: TcpEnds): TcpEnds {
  return {
    source: destination,
    destination: source,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
  };
}
