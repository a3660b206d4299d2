import { pathOf } from "./target.ts";

/** Percent-encoded unreserved characters: the same URI as with the plain ones (RFC 3986 section 6.2.2.2). */
const ENCODED_UNRESERVED = /%(?:2d|2e|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi;

/**
 * Whether a request target is a `*.php` of the paper: its path ends with `.php`, or has path info after it
 * (`/gate.php/x`). The path is what stands before `?` and `#`, without scheme and authority where the target is in
 * absolute form. Letter case does not matter, and `%2e` counts as the dot that it means. `*` and the host:port of
 * CONNECT have no path and are no `*.php`.
 */
export function isPhpTarget(uri: string): boolean {
  const path = pathOf(uri).replace(ENCODED_UNRESERVED, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
  return /\.php(?:\/|$)/i.test(path);
}
