import type { LinuxState } from "./linux-life.ts";
import type { TcpEnds } from "./tcp-ends.ts";
import { reply, type Tuple } from "./tuple.ts";
import type { ZonePool } from "./zone-limits.ts";

/** What a connection's NAT changes in packets of the original direction. */
export type NatKind = "none" | "src" | "dst";

/** The tuple of the answers to a translated connection, as it stands in the table. */
export interface Answers {
  readonly tuple: Tuple;
  readonly connection: Connection;
  /** The next in the same bucket. */
  next: Answers | null;
}

/**
 * A committed connection. It is its own original tuple, and stands in its table without anything around it: there may
 * be a million, and each look-up touches one or two objects.
 */
export class Connection implements Tuple, TcpEnds {
  readonly zone: number;
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly wide: readonly number[] | null;
  /** The next in the same bucket of the table. */
  next: Connection | null = null;
  /** `null`: not translated; then the reply is the original tuple turned round. */
  readonly answers: Answers | null;
  /** Whole milliseconds of the switch's clock from which on it is over. */
  expiresMs = 0;
  mark = 0;
  /** Four words, the most significant first; `null`: all zero. Never changed in place. */
  label: Int32Array | null = null;
  /** User space, TCP: its two ends. */
  openerLow = 0;
  openerHigh = 0;
  openerRest = -1;
  answererLow = 0;
  answererHigh = 0;
  answererRest = -1;
  /** User space: how far it is, for everything but TCP. */
  phase = 0;
  /** `null`: committed without `nat`. */
  readonly nat: NatKind | null;
  /** What Linux keeps of it. */
  linux: LinuxState | null = null;
  /** Where it is counted; `null`: its zone had no limit when it began. */
  pool: ZonePool | null = null;
  /** Ended by a packet; see `ConnectionTable.kill`. */
  killed = false;
  /** Gone from the table; a packet may still hold on to it. */
  removed = false;

  constructor(original: Tuple, nat: NatKind | null, answers: Tuple | null) {
    this.zone = original.zone;
    this.protocol = original.protocol;
    this.source = original.source;
    this.destination = original.destination;
    this.sourcePort = original.sourcePort;
    this.destinationPort = original.destinationPort;
    this.wide = original.wide === null ? null : original.wide.slice();
    this.nat = nat;
    this.answers = answers === null ? null : { tuple: answers, connection: this, next: null };
  }

  /** As the first packet came in. */
  get original(): Tuple {
    return this;
  }

  /** As answers come in: translated where there is NAT. */
  get reply(): Tuple {
    return this.answers === null ? reply(this) : this.answers.tuple;
  }
}
