import * as fc from "fast-check";
import { formatIpv4Address } from "./ip-address.ts";
import { readIpv6Address } from "./ipv6-address.ts";
import { readMac } from "./mac.ts";

/** Values for property tests of the codecs. */

const bits = (count: number) => fc.integer({ min: 0, max: 2 ** count - 1 });

export const u3 = bits(3);
export const u8 = bits(8);
export const u16 = bits(16);
export const u32 = bits(32);
export const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => readMac(bytes));
export const ipv4Address = u32.map(formatIpv4Address);
export const ipv6Address = fc
  .array(fc.oneof(fc.constant(0), u16), { minLength: 8, maxLength: 8 })
  .map((groups) =>
    readIpv6Address(Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 0xff]))),
  );
export const payload = fc.uint8Array({ maxLength: 200 });
/** Options of IPv4 and TCP: whole words, at most 40 bytes. */
export const options = fc
  .integer({ min: 0, max: 10 })
  .chain((words) => fc.uint8Array({ minLength: 4 * words, maxLength: 4 * words }));
