import type { Connection } from "./connection.ts";
import type { TcpPeer } from "./tcp.ts";

/** Words of one row: five for each end, and as many more as fill a cache line. */
const ROW_WORDS = 16;
const PEER_WORDS = 5;
const CHUNK_ROWS = 4_096;

/**
 * Both ends of each TCP connection, side by side in plain words. As objects they would be most of what a connection
 * weighs, and a packet would touch memory in twice as many places.
 */
export class TcpStore {
  readonly #chunks: Int32Array[] = [];
  /** Rows given back. */
  readonly #free: number[] = [];
  #used = 0;

  /** Gives the connection a row of its own, with these ends. */
  begin(connection: Connection, opener: TcpPeer, answerer: TcpPeer): void {
    const row = this.#free.pop() ?? this.#used++;
    const at = Math.floor(row / CHUNK_ROWS);
    let chunk = this.#chunks[at];
    if (chunk === undefined) {
      chunk = new Int32Array(CHUNK_ROWS * ROW_WORDS);
      this.#chunks[at] = chunk;
    }
    connection.tcp = chunk;
    connection.tcpRow = row;
    writePeer(connection, false, opener);
    writePeer(connection, true, answerer);
  }

  /** The row may go to another connection. */
  end(connection: Connection): void {
    if (connection.tcp === null) return;
    this.#free.push(connection.tcpRow);
    connection.tcp = null;
  }
}

function wordOf(row: number, answers: boolean): number {
  return (row % CHUNK_ROWS) * ROW_WORDS + (answers ? PEER_WORDS : 0);
}

/** One end of a connection; false without TCP. */
export function readPeer(
  { tcp, tcpRow }: Pick<Connection, "tcp" | "tcpRow">,
  answers: boolean,
  into: TcpPeer,
): boolean {
  if (tcp === null) return false;
  const at = wordOf(tcpRow, answers);
  into.low = tcp[at]!;
  into.high = tcp[at + 1]!;
  into.window = tcp[at + 2]!;
  into.scale = tcp[at + 3]!;
  into.state = tcp[at + 4]!;
  return true;
}

export function writePeer({ tcp, tcpRow }: Connection, answers: boolean, from: TcpPeer): void {
  if (tcp === null) return;
  const at = wordOf(tcpRow, answers);
  tcp[at] = from.low;
  tcp[at + 1] = from.high;
  tcp[at + 2] = from.window;
  tcp[at + 3] = from.scale;
  tcp[at + 4] = from.state;
}

export function emptyPeer(): TcpPeer {
  return { low: 0, high: 0, window: 0, scale: 0, state: 0 };
}
