import type { Connection } from "./connection.ts";
import { ROW } from "./rows.ts";
import type { TcpPeer } from "./tcp.ts";

/** Three words of a connection's row for each end: low, high, and window, scale and state in one, above them this bit. */
const IS_TCP = 1 << 30;

/** Both ends of a connection, seen from a packet's sender; false without TCP. */
export function readPeers(
  connection: Connection,
  isReply: boolean,
  sender: TcpPeer,
  receiver: TcpPeer,
): boolean {
  const { words } = connection.rows;
  const { at } = connection;
  if ((words[at + ROW.opener + 2]! & IS_TCP) === 0) return false;
  readPeer(words, at + ROW.opener, isReply ? receiver : sender);
  readPeer(words, at + ROW.answerer, isReply ? sender : receiver);
  return true;
}

export function writePeers(
  connection: Connection,
  isReply: boolean,
  sender: Readonly<TcpPeer>,
  receiver: Readonly<TcpPeer>,
): void {
  const { words } = connection.rows;
  const { at } = connection;
  writePeer(words, at + ROW.opener, isReply ? receiver : sender);
  writePeer(words, at + ROW.answerer, isReply ? sender : receiver);
}

function readPeer(words: Int32Array, at: number, into: TcpPeer): void {
  const rest = words[at + 2]!;
  into.low = words[at]!;
  into.high = words[at + 1]!;
  into.window = rest & 0xffff;
  into.scale = (rest >> 16) & 0xff;
  into.state = (rest >> 24) & 0xf;
}

function writePeer(words: Int32Array, at: number, from: Readonly<TcpPeer>): void {
  words[at] = from.low;
  words[at + 1] = from.high;
  words[at + 2] = from.window | (from.scale << 16) | (from.state << 24) | IS_TCP;
}

export function emptyPeer(): TcpPeer {
  return { low: 0, high: 0, window: 0, scale: 0, state: 0 };
}
