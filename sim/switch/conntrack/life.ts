import type { Connection } from "./connection.ts";
import type { TcpSegment } from "./tcp.ts";
import type { Tuple } from "./tuple.ts";

/**
 * What a packet is to its connection. `replace`: the connection was over, and the packet begins another one on the same
 * tuple. `over`: as `established`, and the connection ends with it.
 */
export type Verdict = "established" | "new" | "invalid" | "replace" | "over";

/** How connections begin, go on and end; the one thing in which user space and Linux differ. */
export interface Life {
  /** Whether a port may be 0. */
  readonly takesPortZero: boolean;
  /** Accept TCP segments outside the window. */
  liberal: boolean;
  /** Whether a connection may begin with such a packet. `segment` is `null` for everything but TCP. */
  mayBegin(tuple: Tuple, segment: TcpSegment | null): boolean;
  begin(connection: Connection, segment: TcpSegment | null, nowMs: number): void;
  update(
    connection: Connection,
    segment: TcpSegment | null,
    isReply: boolean,
    nowMs: number,
  ): Verdict;
}

/** Which implementation is modelled: Open vSwitch's user-space datapath, or Linux' nf_conntrack under its kernel module. */
export type Flavour = "userspace" | "linux";

export function isIcmp(protocol: number): boolean {
  return protocol === 1 || protocol === ICMPV6;
}

/** ICMPv6 over IPv6, as a tuple has it. */
const ICMPV6 = 0x100 | 58;

/** ICMP begins with a question: these types have an answer. */
export function asksIcmp({ protocol, sourcePort }: Tuple): boolean {
  const type = sourcePort >> 16;
  return protocol === ICMPV6 ? type === 128 : type === 8 || type === 13 || type === 15;
}
