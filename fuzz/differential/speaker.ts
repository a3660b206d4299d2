import { setU16, setU32, u16 } from "../../src/wire/bytes.ts";
import { TCP_FLAG } from "../../src/wire/tcp.ts";
import { arpFrame, type Ends, ipFrame, readEnds, reversed } from "./frames.ts";
import { HOSTS, type Talk } from "./hosts.ts";
import type { Act } from "./step.ts";

const { fin: FIN, syn: SYN, rst: RST, psh: PSH, ack: ACK, urg: URG } = TCP_FLAG;

/** A frame and the port that it comes in through. */
export interface Spoken {
  readonly port: number;
  readonly frame: Uint8Array;
  readonly isClient: boolean;
}

/** Chosen by the variant where sequence numbers go astray. */
const ASTRAY = [1, -1, 100, -100, 8_000, 70_000, -70_000, 0x7fff_ffff, 1 << 20, -(1 << 20)];

/** No flag, all of them, and others that nobody sends. */
const STRANGE = [0, FIN, FIN | PSH | URG, SYN | FIN, SYN | RST, 0x3f, RST | FIN, SYN | ACK | FIN];

const WINDOWS = [8_192, 8_192, 8_192, 65_535, 0, 100];

/** How the packet is to be, besides what it says. */
export interface Manner {
  readonly ttl: number;
  readonly tos: number;
  /** Bytes of payload instead of the few that are usual. */
  readonly bytes: number | null;
  readonly id: number;
}

/**
 * Both ends of a talk. The client calls the server; the server answers what came out of the switch, so that it answers
 * translated packets, too.
 */
export class Speaker {
  readonly #talk: Talk;
  /** Sequence numbers to be sent next: the client's, the server's. */
  readonly #next: [number, number] = [1_000, 90_000];
  #phase = 0;
  #last: [Spoken | null, Spoken | null] = [null, null];
  /** What came out of the switch last, by who had said it, and the port where it came out. */
  readonly #heard: [Spoken | null, Spoken | null] = [null, null];

  constructor(talk: Talk) {
    this.#talk = talk;
  }

  /** What came out of the switch because of a frame of this talk. */
  hear(isClient: boolean, port: number, frame: Uint8Array): void {
    if (readEnds(frame, this.#talk.isV6) !== null)
      this.#heard[isClient ? 0 : 1] = { port, frame, isClient };
  }

  say(act: Act, variant: number, manner: Manner): Spoken {
    const spoken = this.#speak(act, variant, manner);
    // What is too long for a link is not said again in one piece.
    const isRepetition = act === "client-again" || act === "server-again";
    if (!isRepetition && manner.bytes === null) this.#last[spoken.isClient ? 0 : 1] = spoken;
    return spoken;
  }

  #speak(act: Act, variant: number, manner: Manner): Spoken {
    if (act === "client-again" || act === "server-again") {
      const again = this.#last[act === "client-again" ? 0 : 1];
      if (again !== null) return again;
    }
    if (this.#talk.transport !== "arp" && act.startsWith("error")) {
      const error = this.#error(act === "error-to-client", variant, manner);
      if (error !== null) return error;
    }
    switch (this.#talk.transport) {
      case "arp":
        return this.#arp(variant);
      case "tcp":
        return this.#tcp(act, variant, manner);
      default: {
        const isClient = /^(?:client|next|syn)/.test(act) && (act !== "next" || variant % 5 < 3);
        return this.#datagram(isClient, act, variant, manner);
      }
    }
  }

  #tcp(act: Act, variant: number, manner: Manner): Spoken {
    const [mine, theirs] = this.#next;
    const segment = (isClient: boolean, flags: number, over: Partial<Segment> = {}) =>
      this.#segment(isClient, { flags, variant, manner, ...over });
    switch (act) {
      case "next":
        return this.#natural(variant, manner);
      case "client-data":
        return segment(true, ACK | PSH, { text: 1 + (variant % 40) });
      case "server-data":
        return segment(false, ACK | PSH, { text: 1 + (variant % 40) });
      case "client-ack":
        return segment(true, ACK);
      case "server-ack":
        return segment(false, ACK);
      case "client-fin":
        return segment(true, FIN | ACK);
      case "server-fin":
        return segment(false, FIN | ACK);
      case "client-reset":
        return segment(true, variant % 3 === 0 ? RST : RST | ACK, {
          sequence: mine + (variant % 4 === 0 ? 1 : variant % 7 === 0 ? 500 : 0),
        });
      case "server-reset":
        return segment(false, variant % 3 === 0 ? RST : RST | ACK, {
          sequence: theirs + (variant % 4 === 0 ? 1 : variant % 7 === 0 ? 500 : 0),
        });
      case "syn-again":
        return segment(true, SYN, { sequence: variant % 2 === 0 ? mine - 1 : mine + 100_000 });
      case "strange-sequence": {
        const isClient = variant % 2 === 0;
        const own = isClient ? mine : theirs;
        return segment(isClient, ACK, { sequence: own + ASTRAY[variant % ASTRAY.length]! });
      }
      case "strange-ack": {
        const isClient = variant % 2 === 0;
        const other = isClient ? theirs : mine;
        return segment(isClient, ACK, {
          acknowledgement: other + ASTRAY[variant % ASTRAY.length]!,
        });
      }
      case "strange-flags":
        return segment(variant % 3 !== 0, STRANGE[variant % STRANGE.length]!);
      default:
        return segment(variant % 2 === 0, variant % 3 === 0 ? SYN | ACK : ACK);
    }
  }

  /** The next segment of a connection that goes as it should. */
  #natural(variant: number, manner: Manner): Spoken {
    const phase = this.#phase;
    this.#phase = (phase + 1) % 9;
    const segment = (isClient: boolean, flags: number, text = 0) =>
      this.#segment(isClient, { flags, variant, manner, text });
    switch (phase) {
      case 0:
        if (this.#next[0] !== 1_000) this.#next[0] += 200_000;
        return segment(true, SYN);
      case 1:
        return segment(false, SYN | ACK);
      case 2:
        return segment(true, ACK);
      case 3:
        return segment(true, ACK | PSH, 20);
      case 4:
        return segment(false, ACK | PSH, 30);
      case 5:
        return segment(true, ACK);
      case 6:
        return segment(variant % 3 !== 0, FIN | ACK);
      case 7:
        return segment(variant % 4 === 0, FIN | ACK);
      default:
        return segment(true, ACK);
    }
  }

  #segment(isClient: boolean, wanted: Segment): Spoken {
    const { flags, variant, manner } = wanted;
    const side = isClient ? 0 : 1;
    const scaled = (flags & SYN) !== 0 && variant % 4 === 1;
    const header = scaled ? 24 : 20;
    const text = manner.bytes ?? wanted.text ?? 0;
    const bytes = new Uint8Array(header + text).fill(0x61);
    const { ends, ports, port } = this.#way(isClient, variant);
    const sequence = wanted.sequence ?? this.#next[side];
    setU16(bytes, 0, ports[0]);
    setU16(bytes, 2, ports[1]);
    setU32(bytes, 4, sequence >>> 0);
    const acknowledgement = wanted.acknowledgement ?? this.#next[1 - side]!;
    setU32(bytes, 8, (flags & ACK) === 0 ? 0 : acknowledgement >>> 0);
    bytes[12] = (header / 4) << 4;
    bytes[13] = flags;
    setU16(bytes, 14, WINDOWS[variant % WINDOWS.length]!);
    bytes.fill(0, 16, 20);
    if (scaled) bytes.set([3, 3, variant % 15, 0], 20);
    if (wanted.sequence === undefined || (flags & SYN) !== 0) {
      const used = text + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
      this.#next[side] = sequence + used;
    }
    const net = { ...manner, protocol: 6 };
    return { port, isClient, frame: ipFrame(ends, net, bytes, 16) };
  }

  #datagram(isClient: boolean, act: Act, variant: number, manner: Manner): Spoken {
    const { transport, isV6 } = this.#talk;
    const { ends, ports, port } = this.#way(isClient, variant);
    const text = manner.bytes ?? variant % 30;
    const bytes = new Uint8Array(8 + text).fill(0x62);
    if (transport === "udp") {
      setU16(bytes, 0, ports[0]);
      setU16(bytes, 2, ports[1]);
      setU16(bytes, 4, act === "strange-flags" ? variant : bytes.length);
      setU16(bytes, 6, 0);
      return { port, isClient, frame: ipFrame(ends, { ...manner, protocol: 17 }, bytes, 6) };
    }
    if (transport === "other")
      return { port, isClient, frame: ipFrame(ends, { ...manner, protocol: 47 }, bytes, -1) };
    const [ask, answer] = isV6 ? [128, 129] : [8, 0];
    const isStrange = act === "strange-flags";
    const others = isV6 ? [135, 133, 136, 2] : [13, 14, 5, 17];
    bytes[0] = isStrange ? others[variant % 4]! : isClient ? ask : answer;
    bytes[1] = act === "strange-ack" ? 1 : 0;
    setU16(bytes, 2, 0);
    setU16(bytes, 4, act === "strange-sequence" ? 8 : this.#talk.sourcePort);
    setU16(bytes, 6, variant);
    const protocol = isV6 ? 58 : 1;
    return { port, isClient, frame: ipFrame(ends, { ...manner, protocol }, bytes, 2) };
  }

  /** "Unreachable", about what the receiver of the error had said; from the other end, or from a router. */
  #error(toClient: boolean, variant: number, manner: Manner): Spoken | null {
    const { isV6 } = this.#talk;
    const heard = this.#heard[toClient ? 0 : 1];
    const read = heard === null ? null : readEnds(heard.frame, isV6);
    if (heard === null || read === null) return null;
    const router = HOSTS[2]!;
    const back = reversed(read.ends);
    const ends = variant % 3 === 0 ? { ...back, source: isV6 ? router.v6 : router.v4 } : back;
    const quotedBytes = variant % 8 === 0 ? 4 : variant % 8 === 1 ? 1_000 : 8;
    const quoted = heard.frame.subarray(14, read.l4 + quotedBytes);
    const bytes = new Uint8Array(8 + quoted.length);
    const [type, code] = isV6
      ? [[1, 4] as const, [2, 0] as const, [3, 0] as const][variant % 3]!
      : [[3, 3] as const, [11, 0] as const, [3, 4] as const][variant % 3]!;
    bytes[0] = type;
    bytes[1] = code;
    bytes.set(quoted, 8);
    const net = { ...manner, protocol: isV6 ? 58 : 1 };
    return { port: heard.port, isClient: !toClient, frame: ipFrame(ends, net, bytes, 2) };
  }

  #arp(variant: number): Spoken {
    const { client, server } = this.#talk;
    const isClient = variant % 2 === 0;
    const [from, to] = isClient ? [client, server] : [server, client];
    const ends = endsOf(from.mac, to.mac, from.v4, to.v4);
    return { port: from.port, isClient, frame: arpFrame(ends, isClient ? 1 : 2) };
  }

  /** From where to where: as the client calls, or back to where the client's last packet came out. */
  #way(isClient: boolean, variant: number): Way {
    const { client, server, called, isV6, sourcePort, destinationPort } = this.#talk;
    const address = (host: Talk["client"]) => (isV6 ? host.v6 : host.v4);
    if (isClient) {
      const ends = endsOf(client.mac, server.mac, address(client), address(called));
      return { ends, ports: [sourcePort, destinationPort], port: client.port };
    }
    const heard = this.#heard[0];
    const read = heard === null || variant % 16 === 15 ? null : readEnds(heard.frame, isV6);
    if (heard === null || read === null) {
      const ends = endsOf(server.mac, client.mac, address(server), address(client));
      return { ends, ports: [destinationPort, sourcePort], port: server.port };
    }
    const ports = [u16(heard.frame, read.l4 + 2), u16(heard.frame, read.l4)] as const;
    return { ends: reversed(read.ends), ports, port: heard.port };
  }
}

interface Segment {
  readonly flags: number;
  readonly variant: number;
  readonly manner: Manner;
  readonly text?: number;
  readonly sequence?: number;
  readonly acknowledgement?: number;
}

interface Way {
  readonly ends: Ends;
  readonly ports: readonly [number, number];
  readonly port: number;
}

function endsOf(
  sourceMac: Uint8Array,
  destinationMac: Uint8Array,
  source: Uint8Array,
  destination: Uint8Array,
): Ends {
  return { sourceMac, destinationMac, source, destination };
}
