import type { TcpPeer } from "./tcp.ts";

/**
 * What a connection keeps of its two ends, as numbers of its own: as objects they would be most of what a connection
 * weighs, and a packet would touch memory in twice as many places.
 */
export interface TcpEnds {
  openerLow: number;
  openerHigh: number;
  /** Window, scale and state; -1: the connection is not TCP's. */
  openerRest: number;
  answererLow: number;
  answererHigh: number;
  answererRest: number;
}

/** One end of a connection; false without TCP. */
export function readPeer(ends: Readonly<TcpEnds>, answers: boolean, into: TcpPeer): boolean {
  const rest = answers ? ends.answererRest : ends.openerRest;
  if (rest < 0) return false;
  into.low = answers ? ends.answererLow : ends.openerLow;
  into.high = answers ? ends.answererHigh : ends.openerHigh;
  into.window = rest & 0xffff;
  into.scale = (rest >> 16) & 0xff;
  into.state = rest >> 24;
  return true;
}

export function writePeer(ends: TcpEnds, answers: boolean, from: Readonly<TcpPeer>): void {
  const rest = from.window | (from.scale << 16) | (from.state << 24);
  if (answers) {
    ends.answererLow = from.low | 0;
    ends.answererHigh = from.high | 0;
    ends.answererRest = rest;
  } else {
    ends.openerLow = from.low | 0;
    ends.openerHigh = from.high | 0;
    ends.openerRest = rest;
  }
}

export function emptyPeer(): TcpPeer {
  return { low: 0, high: 0, window: 0, scale: 0, state: 0 };
}
