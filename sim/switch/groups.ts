import { InputError } from "../../src/base/errors.ts";
import type { Action } from "../../src/rule/action.ts";
import { intoActionSet } from "../../src/rule/action-set.ts";
import type { Bucket, Group } from "../../src/rule/group.ts";
import type { Match } from "../../src/rule/match.ts";
import { withPushedTags } from "../../src/rule/pushed-tags.ts";
import { hashMap } from "./hash-map.ts";

/** The groups of a bridge. */
export class Groups {
  readonly #byId = new Map<number, Group>();
  readonly #hashMaps = new WeakMap<Group, readonly Bucket[] | null>();

  /** Throws InputError, in OpenFlow's words, for a number that is taken. */
  add(group: Group): void {
    if (this.#byId.has(group.id))
      throw new InputError(`group ${group.id} exists already (OFPGMFC_GROUP_EXISTS)`);
    this.#byId.set(group.id, group);
  }

  /** Throws InputError for a group that is not there, unless it may be created. */
  modify(group: Group, mayCreate: boolean): void {
    if (!mayCreate && !this.#byId.has(group.id))
      throw new InputError(`there is no group ${group.id} (OFPGMFC_UNKNOWN_GROUP)`);
    this.#byId.set(group.id, group);
  }

  /** `null`: all. */
  delete(id: number | null): void {
    if (id === null) this.#byId.clear();
    else this.#byId.delete(id);
  }

  has(id: number): boolean {
    return this.#byId.has(id);
  }

  /**
   * The lists of actions that a packet goes through, each on its own copy; `null`: that depends on the packet's hash, and
   * `hash` says 0. Of a fast failover the first bucket is taken: every port of the simulator is alive.
   */
  lists(id: number, hash: () => number): readonly (readonly Action[])[] | null {
    const group = this.#byId.get(id);
    if (group === undefined) return [];
    const { buckets, type } = group;
    if (type !== "select") return listsOf(type === "all" ? buckets : buckets.slice(0, 1));
    const map = this.#hashMap(group);
    if (map === null) return listsOf(heaviest(buckets));
    const known = hash();
    return known === 0 ? null : listsOf([map[known & (map.length - 1)]!]);
  }

  #hashMap(group: Group): readonly Bucket[] | null {
    const known = this.#hashMaps.get(group);
    if (known !== undefined) return known;
    const map = hashMap(group.buckets);
    this.#hashMaps.set(group, map);
    return map;
  }
}

/** A bucket is an action set. */
function listsOf(buckets: readonly Bucket[]): readonly (readonly Action[])[] {
  return buckets.map(({ actions }) =>
    withPushedTags(actions, ANY_PACKET).reduce(intoActionSet, [] as readonly Action[]),
  );
}

const ANY_PACKET: Match = { inPort: null, fields: [] };

function heaviest(buckets: readonly Bucket[]): readonly Bucket[] {
  return buckets
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, 1)
    .filter(({ weight }) => weight > 0);
}

/** Whether `group`, or any group for `null`, is among the actions. */
export function usesGroup(actions: readonly Action[], group: number | null): boolean {
  return actions.some((action) => {
    if (action.kind === "clone" || action.kind === "write_actions")
      return usesGroup(action.actions, group);
    return action.kind === "group" && (group === null || action.group === group);
  });
}
