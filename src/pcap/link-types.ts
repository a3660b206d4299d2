/**
 * Link types (tcpdump.org/linktypes.html) that are written. Those that are read are in src/wire/dissect-link.ts; the
 * reader of captures hands every number on.
 */
export const LINKTYPE_ETHERNET = 1;
