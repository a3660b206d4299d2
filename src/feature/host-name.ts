import { parseAddress } from "../wire/ip-address.ts";

/** What stands in a Host header or an authority. */
export interface NamedHost {
  /** In lower case, without the dot of the root; an address without brackets. */
  readonly name: string;
  readonly isAddress: boolean;
  /** `null` where none is written. */
  readonly port: number | null;
}

const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*)(?::(\d{0,5}))?$/;
/** Letters, digits and hyphens, and the underscore that some zones have, between dots. */
const NAME = /^(?!.{254})[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*$/;
/** A last label that is a number makes it an address in some notation (`2130706433`, `0x7f.1`), never a name. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;

/** `host[:port]` (RFC 9110 section 7.2), or `null` where it is empty or neither a name nor an address. */
export function parseHost(text: string): NamedHost | null {
  const [, host = "", digits = ""] = HOST_AND_PORT.exec(text) ?? [];
  const port = digits === "" ? null : Number(digits);
  if (port !== null && port > 65_535) return null;
  const bare = host.startsWith("[") ? host.slice(1, -1) : host;
  if (parseAddress(bare) !== null) return { name: bare.toLowerCase(), isAddress: true, port };
  const name = bare.toLowerCase().replace(/\.$/, "");
  if (host.startsWith("[") || !NAME.test(name) || ENDS_IN_NUMBER.test(name)) return null;
  return { name, isAddress: false, port };
}

/** How an observation calls a host name: the port is said where it is not HTTP's own. */
export function formatNamedServer(name: string, port: number): string {
  return port === 80 ? name : `${name}:${port}`;
}
