import { u16, u32 } from "../wire/bytes.ts";

/** A 16-bit field in the byte order of the machine that wrote the file. */
export function field16(bytes: Uint8Array, at: number, little: boolean): number {
  return little ? (bytes[at + 1]! << 8) | bytes[at]! : u16(bytes, at);
}

export function field32(bytes: Uint8Array, at: number, little: boolean): number {
  if (!little) return u32(bytes, at);
  return (
    ((bytes[at + 3]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0
  );
}

/** Files are written little endian. */
export function setField32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Two 16-bit fields one behind the other. */
export function setFields16(bytes: Uint8Array, at: number, first: number, second: number): void {
  setField32(bytes, at, first | (second << 16));
}
