/*
 * pcapng (draft-ietf-opsawg-pcapng): a file is a row of blocks, in the byte order that its section's header tells
 *
 *   0 block type 4, 4 total length 4, 8 body (padded to 4 bytes), then the total length again 4
 */
export const BLOCK_TYPE = {
  interfaceDescription: 1,
  /** Obsolete; written by old versions of Wireshark. */
  packet: 2,
  simplePacket: 3,
  nameResolution: 4,
  interfaceStatistics: 5,
  enhancedPacket: 6,
  systemdJournal: 9,
  decryptionSecrets: 10,
  custom: 0xbad,
  customNotCopied: 0x40000bad,
  /** The same in both byte orders. */
  sectionHeader: 0x0a0d0d0a,
} as const;

/** Blocks without packets that are skipped without a word. */
export const QUIET_BLOCK_TYPES: ReadonlySet<number> = new Set([
  BLOCK_TYPE.nameResolution,
  BLOCK_TYPE.interfaceStatistics,
  BLOCK_TYPE.systemdJournal,
  BLOCK_TYPE.decryptionSecrets,
  BLOCK_TYPE.custom,
  BLOCK_TYPE.customNotCopied,
]);

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** Type, and the total length twice. */
export const BLOCK_FRAME_BYTES = 12;

export const OPTION = {
  end: 0,
  comment: 1,
  interfaceName: 2,
  timeResolution: 9,
  timeOffset: 14,
} as const;
