import type { Answers } from "./answers.ts";
import type { LinuxState } from "./linux-life.ts";
import { type Details, KIND, noDetails, protocolOf, ROW, type Rows, zoneOf } from "./rows.ts";
import { reply, type Tuple } from "./tuple.ts";
import type { ZonePool } from "./zone-limits.ts";

/** What a connection's NAT changes in packets of the original direction. */
export type NatKind = "none" | "src" | "dst";

/** `ROW.flags`: the phase, the NAT by its place among `NATS`, and whether it was killed. */
const FLAGS = { phase: 0x3, nat: 0xc, natShift: 2, killed: 0x10 } as const;
const NATS = [null, "none", "src", "dst"] as const;

/**
 * A committed connection: a row of its table, which any number of these may show. It is its own original tuple. One that
 * is gone from the table can still be read by a packet that holds on to it.
 */
export class Connection implements Tuple {
  readonly zone: number;
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly wide: readonly number[] | null;
  #rows: Rows;
  /** Where in `rows` its row is; read it after `rows`. */
  at: number;

  constructor(rows: Rows, at: number) {
    const { words } = rows;
    const kind = words[at + ROW.kind]!;
    this.zone = zoneOf(kind);
    this.protocol = protocolOf(kind);
    this.source = words[at + ROW.source]!;
    this.destination = words[at + ROW.destination]!;
    this.sourcePort = words[at + ROW.sourcePort]!;
    this.destinationPort = words[at + ROW.destinationPort]!;
    const number = words[at + ROW.details]!;
    this.wide = number === 0 ? null : rows.details[number]!.wide;
    this.#rows = rows;
    this.at = at;
  }

  /** In which memory it lies now. */
  get rows(): Rows {
    if (this.#rows.next !== null) this.follow();
    return this.#rows;
  }

  /** To where its rows have moved. What was gone before stays where it was. */
  follow(): void {
    while (this.#rows.next !== null) {
      const { words, next } = this.#rows;
      if ((words[this.at + ROW.kind]! & KIND.moved) === 0) return;
      this.at = words[this.at + ROW.source]!;
      this.#rows = next;
    }
  }

  /** As the first packet came in. */
  get original(): Tuple {
    return this;
  }

  /** As answers come in: translated where there is NAT. */
  get reply(): Tuple {
    return this.answers?.tuple ?? reply(this);
  }

  /** `null`: not translated; then the reply is the original tuple turned round. */
  get answers(): Answers | null {
    return details(this)?.answers ?? null;
  }

  set answers(value: Answers) {
    ownDetails(this).answers = value;
  }

  /** Whole milliseconds of the switch's clock from which on it is over. */
  get expiresMs(): number {
    const { rows } = this;
    return rows.expiresMs(this.at);
  }

  set expiresMs(value: number) {
    const { doubles } = this.rows;
    doubles[(this.at + ROW.expiresMs) >> 1] = value;
  }

  get mark(): number {
    return get(this, ROW.mark);
  }

  set mark(value: number) {
    set(this, ROW.mark, value);
  }

  /** Four words, the most significant first; `null`: all zero. Never changed in place. */
  get label(): Int32Array | null {
    return details(this)?.label ?? null;
  }

  set label(value: Int32Array | null) {
    ownDetails(this).label = value;
  }

  /** User space: how far it is, for everything but TCP. */
  get phase(): number {
    return get(this, ROW.flags) & FLAGS.phase;
  }

  set phase(value: number) {
    set(this, ROW.flags, (get(this, ROW.flags) & ~FLAGS.phase) | value);
  }

  /** `null`: committed without `nat`. */
  get nat(): NatKind | null {
    return NATS[(get(this, ROW.flags) & FLAGS.nat) >> FLAGS.natShift] ?? null;
  }

  /** What Linux keeps of it. */
  get linux(): LinuxState | null {
    return details(this)?.linux ?? null;
  }

  set linux(value: LinuxState | null) {
    ownDetails(this).linux = value;
  }

  /** Where it is counted; `null`: its zone had no limit when it began. */
  get pool(): ZonePool | null {
    return details(this)?.pool ?? null;
  }

  set pool(value: ZonePool | null) {
    ownDetails(this).pool = value;
  }

  set nat(value: NatKind) {
    set(this, ROW.flags, get(this, ROW.flags) | (NATS.indexOf(value) << FLAGS.natShift));
  }

  /** Ended by a packet; see `ConnectionTable.kill`. */
  get killed(): boolean {
    return (get(this, ROW.flags) & FLAGS.killed) !== 0;
  }

  kill(): void {
    set(this, ROW.flags, get(this, ROW.flags) | FLAGS.killed);
  }

  remove(): void {
    const { rows } = this;
    rows.remove(this.at);
  }

  /** Gone from the table. */
  get removed(): boolean {
    const { rows } = this;
    return !rows.isUsed(this.at);
  }

  isSame(other: Connection): boolean {
    return this.rows === other.rows && this.at === other.at;
  }
}

function get(connection: Connection, word: number): number {
  const { words } = connection.rows;
  return words[connection.at + word]!;
}

function set(connection: Connection, word: number, value: number): void {
  const { words } = connection.rows;
  words[connection.at + word] = value;
}

function details(connection: Connection): Details | null {
  const number = get(connection, ROW.details);
  return number === 0 ? null : connection.rows.details[number]!;
}

/** To write into. */
function ownDetails(connection: Connection): Details {
  const known = details(connection);
  if (known !== null) return known;
  const fresh = noDetails();
  set(connection, ROW.details, connection.rows.details.push(fresh) - 1);
  return fresh;
}
