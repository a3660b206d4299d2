import type { TcpPeer } from "./tcp.ts";
import type { Tuple } from "./tuple.ts";
import type { ZonePool } from "./zone-limits.ts";

/** What a connection's NAT changes in packets of the original direction. */
export type NatKind = "none" | "src" | "dst";

/** A committed connection. */
export class Connection {
  /** As the first packet came in, and as answers to it come in (translated where there is NAT). */
  readonly original: Tuple;
  readonly reply: Tuple;
  /** `null`: committed without `nat`. */
  readonly nat: NatKind | null;
  mark = 0;
  /** Four words, the most significant first; `null`: all zero. */
  label: Int32Array | null = null;
  /** Milliseconds of the switch's clock after which it is over. */
  expiresMs = 0;
  /** UDP, ICMP and others: 0 first packet only, 1 several in one direction, 2 answered. */
  phase = 0;
  /** TCP: the end that began, and the other. */
  peers: readonly [TcpPeer, TcpPeer] | null = null;
  /** Where it is counted; `null`: its zone had no limit when it began. */
  pool: ZonePool | null = null;
  /** Gone from the table; a packet may still hold on to it. */
  removed = false;

  constructor(original: Tuple, reply: Tuple, nat: NatKind | null) {
    this.original = original;
    this.reply = reply;
    this.nat = nat;
  }
}
