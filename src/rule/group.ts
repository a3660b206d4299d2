import type { Action } from "./action.ts";
import { formatActions } from "./format.ts";
import { parseNested } from "./parse-action.ts";
import { type PortNames, parsePort } from "./parse-match.ts";
import { nearest, Piece, splitList } from "./piece.ts";
import { formatPort, type PortRef } from "./port.ts";
import { parseNumber } from "./value.ts";

const TYPES = ["all", "select", "indirect", "ff", "fast_failover"] as const;

export interface Bucket {
  /** Its number among the group's buckets. */
  readonly id: number;
  /** `select` only: 0 is never chosen. */
  readonly weight: number;
  /** `ff` only: the bucket is alive while that port is. */
  readonly watchPort?: PortRef;
  readonly watchGroup?: number;
  readonly actions: readonly Action[];
}

/** A group entry (OpenFlow 1.5, 5.10). */
export interface Group {
  readonly id: number;
  /** `all`: every bucket; `select`: one by weight; `indirect`: the only one; `ff`: the first that is alive. */
  readonly type: "all" | "select" | "indirect" | "ff";
  readonly buckets: readonly Bucket[];
}

/** The highest number that is a group and no reserved word. */
const ID_MAX = 0xffffff00;

/** Keys of a select group that say how to choose, which the simulator decides by weight alone. */
const CHOICES = new Set(["selection_method", "selection_method_param", "fields"]);

/** A group as `ovs-ofctl add-group` reads it. Throws InputError with the column. */
export function parseGroup(text: string, ports?: PortNames, origin = "group"): Group {
  const piece = new Piece(text, origin);
  const starts = [...text.matchAll(/(?:^|[\s,])bucket\s*=/g)];
  const head = piece.slice(0, starts[0]?.index ?? text.length);
  let id: number | null = null;
  let type: Group["type"] | null = null;
  for (const token of splitList(head)) {
    const [key, value] = token.cut("=") ?? [token, token.slice(token.text.length)];
    if (key.text === "group_id") id = parseId(value);
    else if (key.text === "type") type = parseType(value);
    else if (!CHOICES.has(key.text.replace(/\(.*/, ""))) {
      const near = nearest(key.text, ["group_id", "type", "bucket", ...CHOICES]);
      throw key.expected(
        near === null ? "group_id=, type= or bucket=" : `a part of a group (nearest: ${near})`,
      );
    }
  }
  if (id === null) throw head.error("a group needs group_id=…");
  if (type === null) throw head.error(`a group needs type=… (${TYPES.join(", ")})`);
  const buckets: Bucket[] = [];
  for (const [i, start] of starts.entries()) {
    const part = piece.slice(start.index + start[0].length, starts[i + 1]?.index ?? text.length);
    const bucket = parseBucket(part.trim(), type, i, ports);
    if (buckets.some((other) => other.id === bucket.id))
      throw part.error(`two buckets have the number ${bucket.id}`);
    buckets.push(bucket);
  }
  if (type === "indirect" && buckets.length !== 1)
    throw piece.error("an indirect group has one bucket");
  return { id, type, buckets };
}

/** The groups of a file, one a line. Throws InputError with line and column. */
export function parseGroups(text: string, ports?: PortNames, origin = "groups"): Group[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    const content = line.replace(/#.*$/, "");
    return content.trim() === "" ? [] : [parseGroup(content, ports, `${origin}:${i + 1}`)];
  });
}

/** A group as `dump-groups` prints it: `parseGroup` gives the same group back. */
export function formatGroup({ id, type, buckets }: Group): string {
  return [`group_id=${id}`, `type=${type}`, ...buckets.map((b) => formatBucket(b, type))].join();
}

function formatBucket(bucket: Bucket, type: Group["type"]): string {
  const { id, weight, watchPort, watchGroup, actions } = bucket;
  const parts = [`bucket=bucket_id:${id}`];
  if (type === "select" && weight !== 1) parts.push(`weight:${weight}`);
  if (watchPort !== undefined) parts.push(`watch_port:${formatPort(watchPort)}`);
  if (watchGroup !== undefined) parts.push(`watch_group:${watchGroup}`);
  return [...parts, `actions=${formatActions(actions)}`].join();
}

function parseId(piece: Piece): number {
  const number = Number(parseNumber(piece, 32, "a group's number"));
  if (number > ID_MAX) throw piece.expected(`a number of at most ${ID_MAX}`);
  return number;
}

function parseType(piece: Piece): Group["type"] {
  const type = TYPES.find((name) => name === piece.text);
  if (type === undefined) throw piece.expected(`one of ${TYPES.join(", ")}`);
  return type === "fast_failover" ? "ff" : type;
}

const PROPERTY = /^(weight|bucket_id|watch_port|watch_group)[=:]([^,\s]*)(?:[,\s]+|$)/;

function parseBucket(
  piece: Piece,
  type: Group["type"],
  place: number,
  ports: PortNames | undefined,
): Bucket {
  const bucket: { -readonly [K in keyof Bucket]: Bucket[K] } = {
    id: place,
    weight: 1,
    actions: [],
  };
  let rest = piece;
  for (let found = PROPERTY.exec(rest.text); found !== null; found = PROPERTY.exec(rest.text)) {
    const key = found[1]!;
    const value = rest.slice(key.length + 1, key.length + 1 + found[2]!.length);
    if (key === "bucket_id") bucket.id = Number(parseNumber(value, 32, "a bucket's number"));
    else if (key === "watch_port") bucket.watchPort = parsePort(value, ports);
    else if (key === "watch_group") bucket.watchGroup = parseId(value);
    else {
      if (type !== "select") throw value.error("only buckets of a select group have a weight");
      bucket.weight = Number(parseNumber(value, 16, "a weight"));
    }
    rest = rest.slice(found[0].length);
  }
  if (type === "ff" && bucket.watchPort === undefined && bucket.watchGroup === undefined)
    throw piece.error("a bucket of a fast failover group needs watch_port or watch_group");
  if (rest.text === "") throw rest.error("the bucket has no actions");
  const list = /^actions?=/.exec(rest.text)?.[0] ?? "";
  bucket.actions = parseNested(rest.slice(list.length), {
    match: null,
    table: -1,
    ports,
    within: "group",
    packet: { tags: 0, pushed: false },
  });
  return bucket;
}
