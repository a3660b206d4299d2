import { setU16, u16 } from "./bytes.ts";
import { readIpv4Address, writeIpv4Address } from "./ip-address.ts";
import { readMac, writeMac } from "./mac.ts";
import { type Malformed, malformed } from "./malformed.ts";

/*
 * ARP for IPv4 over Ethernet (RFC 826)
 *
 *   0  hardware type 2 (1)      8  sender MAC      6
 *   2  protocol type 2 (0x800) 14  sender address  4
 *   4  lengths       2 (6, 4)  18  target MAC      6
 *   6  operation     2         24  target address  4
 */
export const ARP_BYTES = 28;

export const ARP_OPERATION = { request: 1, reply: 2 } as const;

export interface Arp {
  /** 1 request, 2 reply; others are kept as they are. */
  readonly operation: number;
  readonly senderMac: string;
  readonly senderAddress: string;
  /** Zero in a request. */
  readonly targetMac: string;
  readonly targetAddress: string;
}

/** Bytes behind the 28th are Ethernet padding. */
export function parseArp(bytes: Uint8Array, at = 0): Arp | Malformed {
  if (bytes.length - at < ARP_BYTES) {
    return malformed(`ARP: ${bytes.length - at} bytes are less than ${ARP_BYTES}`);
  }
  if (u16(bytes, at) !== 1 || u16(bytes, at + 2) !== 0x0800 || u16(bytes, at + 4) !== 0x0604) {
    return malformed("ARP: not for IPv4 over Ethernet");
  }
  return {
    operation: u16(bytes, at + 6),
    senderMac: readMac(bytes, at + 8),
    senderAddress: readIpv4Address(bytes, at + 14),
    targetMac: readMac(bytes, at + 18),
    targetAddress: readIpv4Address(bytes, at + 24),
  };
}

export function writeArp(bytes: Uint8Array, at: number, value: Arp): void {
  setU16(bytes, at, 1);
  setU16(bytes, at + 2, 0x0800);
  setU16(bytes, at + 4, 0x0604);
  setU16(bytes, at + 6, value.operation);
  writeMac(value.senderMac, bytes, at + 8);
  writeIpv4Address(value.senderAddress, bytes, at + 14);
  writeMac(value.targetMac, bytes, at + 18);
  writeIpv4Address(value.targetAddress, bytes, at + 24);
}

export function emitArp(value: Arp): Uint8Array {
  const bytes = new Uint8Array(ARP_BYTES);
  writeArp(bytes, 0, value);
  return bytes;
}
