import type { Connection } from "./connection.ts";
import { asksIcmp, isIcmp, type Life, type Verdict } from "./life.ts";
import { beginLinux, FLAG, type LinuxTcp } from "./linux-connection.ts";
import { LINUX_STATE, STALLED_SECONDS } from "./linux-states.ts";
import { type LinuxHistory, mayBeginLinux, secondsLeft, updateLinux } from "./linux-tcp.ts";
import type { TcpSegment } from "./tcp.ts";
import { IPV6, type Tuple } from "./tuple.ts";

/** Seconds without a packet (Documentation/networking/nf_conntrack-sysctl.rst). */
const SECONDS = { udp: 30, udpStream: 120, icmp: 30, generic: 600 } as const;

/** So old a UDP connection with answers must be to count as a stream, in milliseconds. */
const UDP_STREAM_MS = 2_000;

/** ICMPv4's address mask request has an answer, too. */
const ICMP_MASK_REQUEST = 17;

/** What Linux keeps of a connection. */
export interface LinuxState extends LinuxHistory {
  readonly tcp: LinuxTcp | null;
  readonly beganMs: number;
}

/**
 * Linux' nf_conntrack, as the kernel module of Open vSwitch uses it: any packet of the other end makes a connection
 * established, for all protocols alike.
 */
export class LinuxLife implements Life {
  readonly takesPortZero = true;
  /** `nf_conntrack_tcp_be_liberal`. */
  liberal = false;

  mayBegin(tuple: Tuple, segment: TcpSegment | null): boolean {
    if (segment !== null) return mayBeginLinux(segment.flags);
    if (!isIcmp(tuple.protocol)) return true;
    return asksIcmp(tuple) || (tuple.wide === null && tuple.sourcePort >> 16 === ICMP_MASK_REQUEST);
  }

  begin(connection: Connection, segment: TcpSegment | null, nowMs: number): void {
    const tcp = segment === null ? null : beginLinux(segment);
    connection.linux = { tcp, beganMs: nowMs, hasReply: false, isAssured: false };
    if (segment === null) connection.expiresMs = nowMs + otherSeconds(connection, nowMs) * 1_000;
    else this.update(connection, segment, false, nowMs);
  }

  update(
    connection: Connection,
    segment: TcpSegment | null,
    isReply: boolean,
    nowMs: number,
  ): Verdict {
    const { linux } = connection;
    if (linux === null) return "invalid";
    let verdict: Verdict = isReply || linux.hasReply ? "established" : "new";
    if (segment === null || linux.tcp === null)
      connection.expiresMs = nowMs + otherSeconds(connection, nowMs) * 1_000;
    else {
      const old = linux.tcp.state;
      const fits = updateLinux(linux.tcp, segment, isReply, linux, this.liberal);
      if (fits === "invalid") return "invalid";
      if (fits === "repeat") return "replace";
      if (fits === "accept") {
        // Refused before it was answered: nothing was there.
        if (!linux.hasReply && segment.flags & FLAG.rst) verdict = "over";
        else renew(connection, linux, linux.tcp, old, segment, nowMs);
      }
    }
    if (isReply) linux.hasReply = true;
    return verdict;
  }
}

function renew(
  connection: Connection,
  linux: LinuxState,
  tcp: LinuxTcp,
  old: number,
  segment: TcpSegment,
  nowMs: number,
): void {
  const { established, synReceived, synSent } = LINUX_STATE;
  let seconds = secondsLeft(tcp);
  if (!linux.hasReply) {
    // A SYN repeated does not keep its connection alive, or a port used again would do so for ever.
    if (old === synSent && (segment.flags & (FLAG.syn | FLAG.ack)) === FLAG.syn) return;
    if (tcp.state === established) seconds = Math.min(seconds, STALLED_SECONDS);
  } else if (tcp.state === established && (old === synReceived || old === established)) {
    linux.isAssured = true;
  }
  connection.expiresMs = nowMs + seconds * 1_000;
}

function otherSeconds(connection: Connection, nowMs: number): number {
  const { protocol, linux } = connection;
  if (isIcmp(protocol)) return SECONDS.icmp;
  if ((protocol & ~IPV6) !== 17) return SECONDS.generic;
  const isStream = linux?.hasReply === true && nowMs - linux.beganMs > UDP_STREAM_MS;
  return isStream ? SECONDS.udpStream : SECONDS.udp;
}
