import { InputError } from "../../../src/base/errors.ts";
import { formatIpv4Address, parseIpv4Address } from "../../../src/wire/ip-address.ts";
import { parseIpv6Address, readIpv6Address } from "../../../src/wire/ipv6-address.ts";
import type { Connection } from "./connection.ts";
import { tupleAddresses } from "./dump.ts";
import { IPV6, type Tuple } from "./tuple.ts";

type Test = (tuple: Tuple) => boolean;

/**
 * The connections that `dpctl/flush-conntrack` and `ovs-ofctl ct-flush` mean with `[zone=N] [original [reply]]`. A tuple
 * that names everything means one connection, and of one without translation either direction may be named. Throws
 * InputError in the words of Open vSwitch.
 */
export function parseSelection(args: readonly string[]): (connection: Connection) => boolean {
  const { zone, rest } = splitZone(args);
  const [original = "", reply = "", more] = rest;
  if (more !== undefined) throw new InputError(`one argument too many: ${more}`);
  const first = parseTuple(original);
  const second = parseTuple(reply);
  // The whole tuple is one connection, and without a zone it is in zone 0; a part of one means all zones.
  const one = first.isWhole && reply === "";
  const inZone = zone ?? (one ? 0 : null);
  const fits = (tests: readonly Test[], tuple: Tuple) => tests.every((holds) => holds(tuple));
  return (connection) => {
    if (inZone !== null && connection.zone !== inZone) return false;
    if (one && connection.answers === null && fits(first.tests, connection.reply)) return true;
    return fits(first.tests, connection) && fits(second.tests, connection.reply);
  };
}

/** The zone of which nothing may stay, `null` for all zones; `undefined` where a tuple chooses among connections. */
export function zoneFlushed(args: readonly string[]): number | null | undefined {
  const { zone, rest } = splitZone(args);
  return rest.length === 0 ? zone : undefined;
}

/** The datapath's name may stand first. */
function splitZone(args: readonly string[]): { zone: number | null; rest: readonly string[] } {
  const rest = args.filter((arg, i) => i > 0 || !/@/.test(arg));
  const [first] = rest;
  if (first === undefined || !first.startsWith("zone=")) return { zone: null, rest };
  return {
    zone: number(first.slice("zone=".length), "failed to parse zone"),
    rest: rest.slice(1),
  };
}

function parseTuple(text: string): { readonly tests: readonly Test[]; readonly isWhole: boolean } {
  const values = new Map(
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map((part) => {
        const [key = "", value] = part.split("=", 2);
        if (value === undefined) throw new InputError(`field ${key} missing value`);
        if (!(key in FIELDS)) throw new InputError(`invalid conntrack tuple field: ${key}`);
        return [key, value];
      }),
  );
  const protocol = values.get("ct_nw_proto");
  const isIcmp = protocol === "1" || protocol === "58";
  const has = (...names: string[]) => names.some((name) => values.has(name));
  if (has("ct_tp_src", "ct_tp_dst") && protocol === undefined)
    throw new InputError("port is set without protocol");
  if (has("ct_nw_src", "ct_nw_dst") && has("ct_ipv6_src", "ct_ipv6_dst"))
    throw new InputError("L3 fields set from IPv4 and from IPv6");
  const ends = isIcmp
    ? has("icmp_type") && has("icmp_code") && has("icmp_id")
    : has("ct_tp_src") && has("ct_tp_dst");
  const addresses = has("ct_nw_src", "ct_ipv6_src") && has("ct_nw_dst", "ct_ipv6_dst");
  return {
    tests: [...values].map(([key, value]) => FIELDS[key]!(value)),
    isWhole: protocol !== undefined && addresses && ends,
  };
}

const FIELDS: Readonly<Record<string, (value: string) => Test>> = {
  ct_nw_src: (value) => addressTest(canonicalV4(value), 0),
  ct_nw_dst: (value) => addressTest(canonicalV4(value), 1),
  ct_ipv6_src: (value) => addressTest(canonicalV6(value), 0),
  ct_ipv6_dst: (value) => addressTest(canonicalV6(value), 1),
  ct_nw_proto: (value) => {
    const wanted = number(value, "failed to parse ct_nw_proto");
    return ({ protocol }) => (protocol & ~IPV6) === wanted;
  },
  ct_tp_src: (value) => {
    const wanted = number(value, "failed to parse field ct_tp_src");
    return ({ sourcePort }) => sourcePort === wanted;
  },
  ct_tp_dst: (value) => {
    const wanted = number(value, "failed to parse field ct_tp_dst");
    return ({ destinationPort }) => destinationPort === wanted;
  },
  icmp_type: (value) => {
    const wanted = number(value, "failed to parse field icmp_type");
    return ({ sourcePort }) => sourcePort >> 16 === wanted;
  },
  // Only echo, timestamp and information are tracked: their code is 0.
  icmp_code: (value) => {
    const wanted = number(value, "failed to parse field icmp_code");
    return () => wanted === 0;
  },
  icmp_id: (value) => {
    const wanted = number(value, "failed to parse field icmp_id");
    return ({ sourcePort }) => (sourcePort & 0xffff) === wanted;
  },
};

function addressTest(wanted: string, end: 0 | 1): Test {
  return (tuple) => tupleAddresses(tuple)[end] === wanted;
}

function canonicalV4(text: string): string {
  const address = parseIpv4Address(text);
  if (address === null) throw new InputError(`failed to parse address ${text}`);
  return formatIpv4Address(address);
}

function canonicalV6(text: string): string {
  const address = parseIpv6Address(text);
  if (address === null) throw new InputError(`failed to parse address ${text}`);
  return readIpv6Address(address);
}

function number(text: string, complaint: string): number {
  if (!/^(?:0x[0-9a-f]+|\d+)$/i.test(text)) throw new InputError(complaint);
  return Number(text);
}
