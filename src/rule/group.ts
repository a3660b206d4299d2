import { InputError } from "../base/errors.ts";
import type { Action } from "./action.ts";
import { parseActionList } from "./parse-action.ts";
import type { PortNames } from "./parse-match.ts";
import { Piece, splitList } from "./piece.ts";
import { parseNumber } from "./value.ts";

const TYPES = ["all", "select", "indirect", "ff", "fast_failover"] as const;

export interface Bucket {
  /** 0: it is never chosen (`select`). */
  readonly weight: number;
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

/** A group as `ovs-ofctl add-group` reads it. Throws InputError. */
export function parseGroup(text: string, ports?: PortNames): Group {
  const [head = "", ...buckets] = text.split(/,?\s*\bbucket=/);
  const fields = new Map(
    splitList(new Piece(head, "group"))
      .map((token) => token.cut("=") ?? [token, token])
      .map(([key, value]) => [key.text, value] as const),
  );
  const id = fields.get("group_id");
  const type = TYPES.find((name) => name === fields.get("type")?.text);
  if (id === undefined) throw new InputError("a group needs group_id=…", { where: "group" });
  if (type === undefined)
    throw new InputError(`a group needs type=… (${TYPES.join(", ")})`, { where: "group" });
  const number = Number(parseNumber(id, 32, "a group's number"));
  if (number > ID_MAX) throw id.expected(`a number of at most ${ID_MAX}`);
  return {
    id: number,
    type: type === "fast_failover" ? "ff" : type,
    buckets: buckets.map((bucket) => parseBucket(bucket, ports)),
  };
}

/** The groups of a file, one a line. */
export function parseGroups(text: string, ports?: PortNames): Group[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*$/, "").trim())
    .filter((line) => line !== "")
    .map((line) => parseGroup(line, ports));
}

function parseBucket(text: string, ports: PortNames | undefined): Bucket {
  let rest = new Piece(text, "bucket").trim();
  let weight = 1;
  for (;;) {
    const found = /^(weight|bucket_id|watch_port|watch_group)[=:]([^,]*)(?:,|$)/.exec(rest.text);
    if (found === null) break;
    if (found[1] === "weight") {
      const at = found[0].indexOf(found[2]!);
      weight = Number(parseNumber(rest.slice(at, at + found[2]!.length), 16, "a weight"));
    }
    rest = rest.slice(found[0].length).trim();
  }
  const list = /^actions=/.test(rest.text) ? rest.slice("actions=".length) : rest;
  return { weight, actions: parseActionList(list, { match: null, table: -1, ports }) };
}
