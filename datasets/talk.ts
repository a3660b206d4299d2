import type { Random } from "../src/base/random.ts";
import { IP_PROTOCOL } from "../src/wire/ip-protocol.ts";
import { emitIpv4, type Ipv4Fields } from "../src/wire/ipv4.ts";
import { emitIpv6 } from "../src/wire/ipv6.ts";
import { emitTcp, TCP_FLAG } from "../src/wire/tcp.ts";
import type { Tape } from "./tape.ts";

export type Side = "client" | "server";

export interface TalkOptions {
  /** Addresses for documentation (RFC 5737, RFC 3849); both IPv4 or both IPv6. */
  readonly client?: string;
  readonly server?: string;
  readonly clientPort?: number;
  readonly serverPort?: number;
  /** Initial sequence numbers; random without them. */
  readonly sequences?: { readonly client: number; readonly server: number };
}

/** What differs from the next segment in order. */
export interface SegmentOptions {
  readonly flags?: number;
  /** Sequence number, as an offset to the next one of this side. */
  readonly shift?: number;
  readonly acknowledgement?: number;
  readonly options?: Uint8Array;
  readonly ip?: Partial<Ipv4Fields>;
}

interface Host {
  readonly address: string;
  readonly port: number;
  next: number;
}

const ACK = TCP_FLAG.ack;
const PUSH = TCP_FLAG.ack | TCP_FLAG.psh;
const WINDOW = 64_240;

/** One TCP connection, written to a tape packet by packet. Each call but `open` and `close` (three packets) gives one. */
export class Talk {
  readonly #tape: Tape;
  readonly #hosts: Readonly<Record<Side, Host>>;
  #identification: number;

  constructor(tape: Tape, random: Random, options: TalkOptions = {}) {
    const { client = "192.0.2.10", server = "198.51.100.20" } = options;
    const { clientPort = 40_001, serverPort = 80 } = options;
    // Away from the wrap, unless a case asks for it.
    const sequence = () => random.int(0x1000_0000, 0x7000_0000);
    const sequences = options.sequences ?? { client: sequence(), server: sequence() };
    this.#tape = tape;
    this.#identification = random.int(1, 30_000);
    this.#hosts = {
      client: { address: client, port: clientPort, next: sequences.client },
      server: { address: server, port: serverPort, next: sequences.server },
    };
  }

  /** SYN, SYN+ACK, ACK. */
  open(): this {
    return this.syn("client").synAck("server").ack("client");
  }

  syn(side: Side, text = "", options: SegmentOptions = {}): this {
    this.segment(side, text, { flags: TCP_FLAG.syn, acknowledgement: 0, ...options });
    return this.skip(side, text.length + 1);
  }

  synAck(side: Side, options: SegmentOptions = {}): this {
    this.segment(side, "", { flags: TCP_FLAG.syn | ACK, ...options });
    return this.skip(side, 1);
  }

  ack(side: Side, options: SegmentOptions = {}): this {
    return this.segment(side, "", { flags: ACK, ...options });
  }

  /** The next bytes of this side, in one segment. */
  say(side: Side, text: string | Uint8Array, options: SegmentOptions = {}): this {
    return this.segment(side, text, options).skip(side, text.length);
  }

  /** As `say`, but the packet is not in the capture. */
  lose(side: Side, text: string): this {
    return this.skip(side, text.length);
  }

  fin(side: Side, text = ""): this {
    return this.segment(side, text, { flags: PUSH | TCP_FLAG.fin }).skip(side, text.length + 1);
  }

  /** FIN of the client, FIN of the server, last ACK. */
  close(): this {
    return this.fin("client").fin("server").ack("client");
  }

  reset(side: Side, shift = 0): this {
    return this.segment(side, "", { flags: TCP_FLAG.rst | ACK, shift });
  }

  /** A segment at the place where this side stands; it does not move on. */
  segment(side: Side, content: string | Uint8Array, options: SegmentOptions = {}): this {
    this.#tape.add(this.packet(side, content, options), side === "client");
    return this;
  }

  /** The IP packet alone. */
  packet(side: Side, content: string | Uint8Array, options: SegmentOptions = {}): Uint8Array {
    const source = this.#hosts[side];
    const destination = this.#hosts[side === "client" ? "server" : "client"];
    const fields = {
      sourcePort: source.port,
      destinationPort: destination.port,
      sequence: (source.next + (options.shift ?? 0)) >>> 0,
      acknowledgement: options.acknowledgement ?? destination.next,
      flags: options.flags ?? PUSH,
      window: WINDOW,
      payload: typeof content === "string" ? Buffer.from(content, "latin1") : content,
      ...(options.options === undefined ? {} : { options: options.options }),
    };
    const payload = emitTcp(fields, source.address, destination.address);
    const addresses = { source: source.address, destination: destination.address };
    if (source.address.includes(":")) {
      return emitIpv6({ ...addresses, nextHeader: IP_PROTOCOL.tcp, payload });
    }
    this.#identification = (this.#identification + 1) & 0xffff;
    const { tcp: protocol } = IP_PROTOCOL;
    const identification = this.#identification;
    return emitIpv4({ ...addresses, protocol, identification, payload, ...options.ip });
  }

  skip(side: Side, count: number): this {
    const host = this.#hosts[side];
    host.next = (host.next + count) >>> 0;
    return this;
  }

  /** The next sequence number of a side. */
  nextOf(side: Side): number {
    return this.#hosts[side].next;
  }
}
