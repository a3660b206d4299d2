/** What happened on the way from packets to streams. Plain numbers, so that counting costs nothing. */
export class FlowCounts {
  /** Flows (five-tuple and realm) that were seen, and TCP connections that carried data. */
  flows = 0;
  connections = 0;
  /** Segments that repeat what was delivered already. */
  retransmissions = 0;
  /** Of these: repeated with other bytes; the first arrival won. */
  conflictingRetransmissions = 0;
  /** Segments that partly repeat, and those of them that differ in the part they repeat. */
  overlaps = 0;
  conflictingOverlaps = 0;
  /** Segments that arrived before earlier ones, or before what they acknowledge. */
  outOfOrder = 0;
  keepAliveProbes = 0;
  /** Holes in a stream that were skipped, and the bytes that are missing. */
  gaps = 0;
  gapBytes = 0;
  /** Segments that the capture holds only in part (snap length). */
  cutSegments = 0;
  /** Segments too far ahead of the stream to belong to it. */
  outOfWindow = 0;
  /** Data after the connection was over. */
  afterClose = 0;
  /** Connections whose beginning is not in the capture. */
  midstream = 0;
  resets = 0;
  /** A new connection under the addresses and ports of an old one. */
  portReuses = 0;
  /** A second SYN+ACK with another initial sequence number: one of two is forged or very late. */
  rivalSynAcks = 0;
  /** Thrown out because a table was full. */
  evictedFlows = 0;
  evictedConnections = 0;
  evictedFragments = 0;
  /** Holes given up because too much was held behind them. */
  holdLimitHits = 0;
  /** IP fragments: taken in, datagrams made whole, overlaps, of these with other bytes, refused. */
  fragments = 0;
  reassembledDatagrams = 0;
  fragmentOverlaps = 0;
  conflictingFragments = 0;
  badFragments = 0;
  /** Datagrams of which a part never came, and those thrown away: overlap in IPv6, too many pieces. */
  incompleteDatagrams = 0;
  refusedDatagrams = 0;
}
