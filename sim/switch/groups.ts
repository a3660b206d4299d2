import { InputError } from "../../src/base/errors.ts";
import type { Action } from "../../src/rule/action.ts";
import { intoActionSet } from "../../src/rule/action-set.ts";
import type { Bucket, Group } from "../../src/rule/group.ts";

/** The groups of a bridge. */
export class Groups {
  readonly #byId = new Map<number, Group>();

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
   * The lists of actions that a packet goes through, each on its own copy. Of a `select` group the heaviest bucket is
   * taken, and of a fast failover the first: every port of the simulator is alive.
   */
  lists(id: number): readonly (readonly Action[])[] {
    const group = this.#byId.get(id);
    if (group === undefined) return [];
    return chosen(group).map(({ actions }) =>
      actions.reduce(intoActionSet, [] as readonly Action[]),
    );
  }
}

function chosen({ type, buckets }: Group): readonly Bucket[] {
  switch (type) {
    case "all":
      return buckets;
    case "indirect":
    case "ff":
      return buckets.slice(0, 1);
    case "select":
      return buckets
        .toSorted((a, b) => b.weight - a.weight)
        .slice(0, 1)
        .filter(({ weight }) => weight > 0);
  }
}

/** Whether `group`, or any group for `null`, is among the actions. */
export function usesGroup(actions: readonly Action[], group: number | null): boolean {
  return actions.some((action) => {
    if (action.kind === "clone" || action.kind === "write_actions")
      return usesGroup(action.actions, group);
    return action.kind === "group" && (group === null || action.group === group);
  });
}
