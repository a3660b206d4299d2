/**
 * Every limit of the project, with the reason for its size. What runs into a limit is counted and reported.
 */

/** src/base: commands of the machine that are run */
export const COMMAND_LIMITS = {
  /** How much of a running command's stderr is kept. */
  stderrCharactersMax: 4_096,
  /** How much of a failed command's stderr an error quotes. */
  quotedLinesMax: 5,
} as const;

/** src/wire */
export const WIRE_LIMITS = {
  /** VLAN tags that parseFrame takes off: switches know two, and a frame of nothing but tags must not be an endless list. */
  parsedTagsMax: 4,
  /** Tags of one packet that a capture's flows are kept apart by: more are folded into the realm's number only. */
  realmTagsMax: 8,
  /** IPv6 extension headers that are gone through: 65,535 bytes hold 8,191 of them, nobody sends more than a handful. */
  extensionHeadersMax: 16,
  /** Tunnels within tunnels that are followed; real traffic has two or three. */
  tunnelsMax: 12,
  /** A longer frame gets memory of its own, so that little of a shared slab is wasted at its end. */
  sharedFrameBytesMax: 16_384,
  /** Views on larger memory are not kept, so that a capture read as a whole is not held by the checksum. */
  keptBufferBytesMax: 1_048_576,
  /** Texts of addresses seen before, by a hash: making the text anew costs ten times as much. Powers of two. */
  macTexts: 1_024,
  addressTexts: 4_096,
} as const;

/** src/http */
export const HTTP_LIMITS = {
  /** A method name: those registered with IANA have at most 17 characters. */
  methodBytesMax: 32,
  /** What is taken for a version after `HTTP/` in a status line. A garbled one is still the start of an answer. */
  statusVersionBytesMax: 16,
  /** A head (start line and fields). Servers stop at 8 to 64 KiB; captures hold a few larger ones. */
  headBytesMax: 262_144,
  /** The trailer section of a chunked body. */
  trailerBytesMax: 65_536,
  /** A chunk-size line with its extensions; servers stop at 4 to 16 KiB. */
  chunkLineBytesMax: 16_384,
  /** Requests of one connection that wait for their response (pipelining). Browsers used at most 32. */
  outstandingMax: 1_024,
  /** One message kept as it was on the wire (`keepBytes`), or one body held by a message reader. */
  messageBytesMax: 64 * 1024 * 1024,
  /** All messages kept at the same time (`keepBytes`). */
  rawBytesMax: 256 * 1024 * 1024,
  /** Records that wait for one whose response is still to come, some 300 bytes each. */
  recordsHeldMax: 65_536,
} as const;

/** src/replay */
export const REPLAY_LIMITS = {
  /** Answers that the log keeps one by one; the totals go on. Some 200 bytes each. */
  answerRecordsMax: 65_536,
  /** What is filled into one broken recording at most; beyond, the connection is closed instead. */
  fillerBytesMax: 64 * 1024 * 1024,
  /** Connections of bots at the same time. One bot has a handful; beyond, the one idle for longest is dropped. */
  connectionsMax: 1_024,
  /** Connections just closed that are remembered, so that a late segment is not answered by a RST. */
  lingeringMax: 1_024,
  /** Bytes received ahead of a missing segment, for each connection: what the window that is offered allows. */
  aheadBytesMax: 65_535,
  /** Pieces in which they are kept. */
  aheadSegmentsMax: 256,
  /** Answers queued on one connection that its bot does not read. */
  queuedAnswersMax: 256,
  /** SYN+ACK is sent this often before a half-open connection is given up. */
  handshakeAttemptsMax: 5,
  /** Retransmissions in a row without any new acknowledgement before the connection is given up (Linux: tcp_retries2). */
  retransmissionsMax: 15,
  /** A connection on which nothing happens for so long is closed; a bot that polls does so more often. */
  idleMs: 3_600_000,
  /** How long the bot may take to close its side after the replayer's (Linux: tcp_fin_timeout). */
  halfClosedMs: 60_000,
} as const;

/** src/feature */
export const FEATURE_LIMITS = {
  /** Windows open at the same time, one for each talking client–server pair; beyond, the one that ended first is closed. */
  openWindowsMax: 65_536,
  /** Transactions of one window; a poller that never falls silent gets a new window after that many. */
  windowTransactionsMax: 65_536,
  /**
   * How long a translator of addresses takes with a packet that is seen on both its sides. Some 20 microseconds are
   * usual; the slowest that was met took 2.2 ms. Clients that merely keep in step differ by more, or not always the same way.
   */
  natSkewNsMax: 5_000_000n,
  /** Answered transactions that prove a translation which changes the client's port: chance is at most 1/2 for each. */
  natAnsweredMin: 5,
  /** Equal requests within that time among which the original of one is looked for. */
  natCandidatesMax: 64,
} as const;

/** src/cluster */
export const CLUSTER_LIMITS = {
  /** Clusters of one model. Beyond, a table of them says nothing to a reader. */
  clustersMax: 256,
  /** Steps of one k-means start. Lloyd's algorithm needs some tens; thousands mean that it creeps, and the best so far is good. */
  lloydStepsMax: 1_000,
  /**
   * Rows up to which ml-kmeans runs Lloyd's algorithm: some milliseconds. Beyond, it takes three times as long as
   * lloyd.ts and more, since it asks every point in every step.
   */
  smallRowsMax: 1_000,
  /** Points on which the candidates for a start are compared. A start is a guess; more points make it dearer, not better. */
  startPointsMax: 50_000,
  /** Sweeps over all points that move single points after k-means. A handful is usual. */
  transferSweepsMax: 200,
  /** Points on which silhouettes are computed and the number of clusters is chosen: the cost grows with their square. */
  silhouettePointsMax: 4_000,
  /** Clusters that the choice by silhouette tries at most, unless told. */
  chosenClustersMax: 10,
  /** Squared distances of larger values overflow. Standardised values are below the root of their number. */
  valueMax: 1e150,
} as const;

/** src/flow */
export const FLOW_LIMITS = {
  /** Flows remembered, 64 bytes each and 8 for finding them: 75 MB when full. Beyond, flows of one packet go first. */
  flowsMax: 1_048_576,
  /** TCP connections with data that are read at the same time, about 3 KB each. Beyond, those idle for longest go. */
  connectionsMax: 8_192,
  /** Flows that share one place of the hash table; a longer chain is an attack on it. */
  chainMax: 64,
  /** Bytes held for all connections together: segments ahead of a hole, heads that are not whole, fragments. */
  heldBytesMax: 64 * 1024 * 1024,
  /** Segments and bytes of one connection held ahead of a hole; a fast sender has some megabytes in flight. */
  segmentsHeldMax: 4_096,
  connectionHeldBytesMax: 8 * 1024 * 1024,
  /** The same once the peer has acknowledged what is missing: then it is lost for the capture, or only late. */
  segmentsHeldAcknowledgedMax: 64,
  /** Segments held of a stream whose beginning is unknown, for one that comes before them. */
  segmentsHeldUnanchoredMax: 16,
  /** Packets of the whole capture after which a hole is given up and a reset connection is closed. */
  patiencePackets: 4_096,
  /** How far ahead of the stream a segment may be that nothing acknowledges: the largest window is 2^30, real ones stay below this. */
  aheadBytesMax: 64 * 1024 * 1024,
  /** IP datagrams being put together, and the time after which a new fragment begins a new one (RFC 8200 §4.5). */
  datagramsMax: 4_096,
  datagramPatienceNs: 60_000_000_000n,
  /** Fragments of one datagram: 64 KiB in the smallest pieces that real networks make. */
  fragmentsMax: 512,
} as const;

/** src/pcap */
export const PCAP_LIMITS = {
  /** One packet. libpcap's own limit for Ethernet is 256 KiB, for others 128 MiB. */
  packetBytesMax: 16 * 1024 * 1024,
  /** A pcapng block that is read: such a packet with its options. Others are skipped, however long. */
  blockBytesMax: 16 * 1024 * 1024 + 64 * 1024,
  /** Interfaces that one pcapng file describes, all sections together. */
  interfacesMax: 65_536,
  /** Packets handed out at once, however large the pieces are that the file comes in. */
  batchRecordsMax: 4_096,
} as const;

/** sim/switch */
export const SWITCH_LIMITS = {
  /** Connections tracked at once (Open vSwitch: 3,000,000); beyond, `ct(commit)` commits nothing. Some 260 bytes each. */
  connectionsMax: 1_000_000,
  /** MAC addresses that `normal` learns; beyond, the oldest goes. */
  macsMax: 8_192,
  /** How long one is remembered without being seen, in milliseconds. Open vSwitch's default. */
  macAgeMs: 300_000,
  /** Slots of the cache of walks for each table in which a walk can start. A power of two. */
  flowCacheSlots: 4_096,
  /** Rules up to which `learn` adds more; each costs a rebuild of the tables. */
  rulesWithLearnedMax: 10_000,
  /** Fragments that wait for the rest of their packet, and for how long, in milliseconds. Open vSwitch's values. */
  fragmentsMax: 1_000,
  fragmentMs: 15_000,
  /** As in Open vSwitch: so deep may resubmits nest, so many may one walk have, so many bits may lie on the stack. */
  resubmitDepthMax: 64,
  resubmitsMax: 4_096,
  stackBitsMax: 4_096,
  /** Groups of equal masks in the cache of walks; more make each look-up dearer than a walk now and then. */
  flowCacheGroupsMax: 24,
  /** Recirculations of one packet (`MAX_RECIRC_DEPTH` of Open vSwitch); beyond, it is dropped. */
  recirculationsMax: 6,
} as const;

/** sim/host */
export const HOST_LIMITS = {
  /** Bytes of one connection that wait for their reader: the largest window without scaling (RFC 9293, 3.1). */
  receiveBytesMax: 65_535,
  /** Bytes written but not acknowledged before a writer must wait: two windows. */
  sendBytesMax: 131_072,
  /** Pieces of data kept out of order; a window of full segments is 45, small ones may be more. */
  outOfOrderPiecesMax: 1_024,
  /** Connections of a listener that are not accepted yet, half-open ones included (Linux' old SOMAXCONN). */
  backlogMax: 128,
  /** Neighbours that are remembered; beyond, the one learned first is forgotten. A /22 full of hosts fits. */
  neighboursMax: 1_024,
  /** Frames that wait for one ARP answer. */
  arpQueueMax: 64,
  /** Datagrams that wait for their reader. */
  datagramsMax: 1_024,
} as const;

/** sim/link and the simulator's own clock */
export const LINK_LIMITS = {
  /** Frames that wait for a slow line where the options do not say: the usual transmit queue of a Linux interface. */
  queueFramesMax: 1_000,
  /** Events that are kept to serve again. */
  spareEventsMax: 1_024,
} as const;

/** src/rule */
export const RULE_LIMITS = {
  /** No word of the language is longer; comparing a whole file with all of them, for a suggestion, would take minutes. */
  suggestionCharactersMax: 64,
} as const;

/** src/host, src/program, src/zeus: what runs on a lab's hosts */
export const PROGRAM_LIMITS = {
  /** Connections of one HTTP server at a time; one more is reset. */
  serverConnectionsMax: 1_024,
  /** A client that says nothing to a server for so long is gone. */
  serverIdleMs: 120_000,
  /** A beacon's pause before a new connection: doubled up to this, so that a cut never makes a flood. */
  beaconPauseMsMax: 5_000,
  /** A C&C that never says sleep does not keep a bot's session open for ever. */
  sessionRequestsMax: 1_000,
} as const;

/** src/run */
export const RUN_LIMITS = {
  /** Runs of one scenario, lab and seed that may begin within the same second. */
  sameSecondMax: 1_000,
  /** A suspect that is not judged malicious within this time of the lab is given up. */
  judgeMsMax: 4 * 3_600_000,
  /** Conversations of one suspect that are kept in mind; beyond, the oldest is forgotten. */
  conversationsMax: 4_096,
  /** Neighbours that are probed. */
  neighboursMax: 4,
  /** A silence longer than this in a capture is re-enacted as this long: virtual, but nobody learns from it. */
  captureGapMsMax: 3_600_000,
  /** Longer than any re-enactment can take: the recorded gaps, and this for what is slower than it was. */
  captureSlackMs: 600_000,
} as const;

/** src/report */
export const REPORT_LIMITS = {
  /** Observations written out below the plots; results.json has all of them. */
  observationsMax: 300,
  /** Hosts of one role that are alike are drawn as one when there are more than this. */
  alikeHostsMax: 2,
} as const;

/** src/scenario */
export const SCENARIO_LIMITS = {
  /** A scenario is written by hand: a longer text is some other file. */
  charactersMax: 100_000,
  /** Errors of one file that are told; beyond, only how many more there are. */
  errorsMax: 100,
  /** What is compared of a word: all of one that somebody meant, little of a value that fills the file. */
  comparedCharactersMax: 64,
} as const;

/** src/cli: texts that the user names: scenarios, models, labels, rules, results */
export const FILE_LIMITS = {
  /** The largest of them, results of many rounds, have some megabytes. */
  textBytesMax: 64 * 1024 * 1024,
} as const;

/** src/cli: captures whose transactions are looked at together */
export const CAPTURE_LIMITS = {
  /** Transactions of one capture that observe, classify, train and run hold, some 700 bytes each. `extract` holds none. */
  transactionsMax: 2_000_000,
} as const;

/** src/cli: captures that are compressed */
export const UNPACK_LIMITS = {
  /** What a file may unpack to whatever its size, and how many times its size beyond. Captures seldom reach 50 times. */
  freeBytes: 256 * 1024 * 1024,
  ratioMax: 250,
  /** Members of a gzip file (frames of a zstd file), and their mean size beyond. Each costs some 100 µs. */
  freeMembers: 10_000,
  memberBytesMin: 1_024,
  /** Window of a zstd frame: 2^27 bytes, the decoder's memory. What zstd itself allows without being told. */
  zstdWindowLogMax: 27,
} as const;

/** src/cli: several captures at a time */
export const JOB_LIMITS = {
  /** Captures that are smaller together are read before a thread has started and is warm, which costs half a second each. */
  smallBytes: 64 * 1024 * 1024,
  /** Output of captures whose turn has not come that is held in memory, all together; the rest waits in a temporary file. */
  heldBytesMax: 32 * 1024 * 1024,
  /** Pieces of output, some 64 KiB each, that a thread hands out before it waits for the first to be taken. */
  piecesUntakenMax: 16,
} as const;

/** src/trace */
export const TRACE_LIMITS = {
  /** Packets of one trace: each is pages of text, and nobody reads thousands. */
  packetsMax: 1_000,
  /** Connections that are listed after each packet. */
  connectionsShownMax: 50,
} as const;

/** src/contain: the exact proof */
export const CONTAIN_LIMITS = {
  /** Rules asked, for all ports and kinds of packets together; beyond, the question stays open. Some 20 µs each. */
  stepsMax: 2_000_000,
  /** Ways in which connections begin that are told apart. */
  commitsMax: 256,
  /** Packets that one way out may need before it. */
  earlierMax: 8,
  /** Ways to one port that are tried on the switch until one of them is confirmed. */
  attemptsMax: 64,
  /** Depth of resubmits, as in Open vSwitch. */
  resubmitDepthMax: 64,
  /** Actions of one packet on its way; each lies on the call stack until all that comes after it is seen. */
  actionsMax: 500,
} as const;
