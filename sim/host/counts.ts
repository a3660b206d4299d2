/** What a host did with frames. Nothing that arrives vanishes without being counted here. */
export interface StackCounts {
  received: number;
  sent: number;
  /** Sent while nothing was plugged in. */
  unplugged: number;
  /** Addressed to another MAC address (a switch floods). */
  forOthers: number;
  /** Not Ethernet, or broken within. */
  malformed: number;
  wrongChecksum: number;
  /** A VLAN tag, IPv6 or another protocol that this stack does not speak. */
  unknownProtocol: number;
  /** For another IP address, on a host that does not forward. */
  notOurs: number;
  fragments: number;
  /** The neighbour's MAC address could not be found, or too many frames waited for it. */
  unresolved: number;
  noRoute: number;
  ttlExceeded: number;
  forwarded: number;
  /** TCP segments and datagrams for a port that nobody uses. */
  tcpRefused: number;
  udpRefused: number;
  /** Segments that were sent again, on connections that are gone by now. */
  tcpRetransmitted: number;
  /** Segments of theirs that found no room out of order. */
  tcpOverflow: number;
  /** Connections that a full listener did not take. */
  listenOverflow: number;
  /** Datagrams that found a full queue. */
  udpOverflow: number;
  /** ICMP that says something about a packet of ours and changes nothing. */
  icmpIgnored: number;
}

export function noStackCounts(): StackCounts {
  return {
    received: 0,
    sent: 0,
    unplugged: 0,
    forOthers: 0,
    malformed: 0,
    wrongChecksum: 0,
    unknownProtocol: 0,
    notOurs: 0,
    fragments: 0,
    unresolved: 0,
    noRoute: 0,
    ttlExceeded: 0,
    forwarded: 0,
    tcpRefused: 0,
    udpRefused: 0,
    tcpRetransmitted: 0,
    tcpOverflow: 0,
    listenOverflow: 0,
    udpOverflow: 0,
    icmpIgnored: 0,
  };
}
