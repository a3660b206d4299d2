import type { Transaction } from "../http/transaction.ts";

/** `scheme://authority` in front of an absolute-form request target (RFC 9112 section 3.2.2). */
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i;

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
]);

/**
 * The path of a request target: what stands before `?` and `#`, without scheme and authority where the target is in
 * absolute form. "" for `*` and the host:port of CONNECT, which have none.
 */
export function pathOf(uri: string): string {
  const afterOrigin = uri.replace(ORIGIN, "");
  const end = afterOrigin.search(/[?#]/);
  const path = end < 0 ? afterOrigin : afterOrigin.slice(0, end);
  return path.startsWith("/") ? path : "";
}

/**
 * The authority that the request target itself names, without user information, and the port that it means without one:
 * of the absolute form of http and https, and of CONNECT (RFC 9112 sections 3.2.2 and 3.2.3). `null` for every other.
 */
export function authorityOf({
  method,
  uri,
}: Pick<Transaction, "method" | "uri">): { readonly host: string; readonly port: number } | null {
  if (method === "CONNECT") return { host: uri, port: 443 };
  // Nearly every target: spares it the regular expression.
  if (uri.startsWith("/")) return null;
  const [, scheme = "", authority = ""] = ORIGIN.exec(uri) ?? [];
  const port = DEFAULT_PORTS.get(scheme.toLowerCase());
  if (port === undefined) return null;
  return { host: authority.slice(authority.lastIndexOf("@") + 1), port };
}
