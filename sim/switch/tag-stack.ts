import { SERVICE_TAG } from "./layout.ts";
import type { Operation } from "./operation.ts";

/**
 * The VLAN tags that Open vSwitch knows of, the outer one first: two at most, so a third that is pushed loses the lowest.
 * Each is its TCI, with the bit 0x1000 where there is a tag, and `SERVICE_TAG` for one of type 0x88a8.
 */
export type TagStack = readonly [outer: number, inner: number];

const IS_TAG = 0x1000;
const SAYS_SOMETHING = 0xefff;

/** `push_vlan` and `pop_vlan` that make one stack of the other: what they have in common below stays. */
export function retag(from: TagStack, to: TagStack): Operation[] {
  let pops = depth(from);
  let pushes = depth(to);
  while (pops > 0 && pushes > 0 && from[pops - 1] === to[pushes - 1]) {
    pops--;
    pushes--;
  }
  const operations: Operation[] = new Array(pops).fill({ op: "pop_vlan" });
  for (let i = pushes - 1; i >= 0; i--) {
    const tag = to[i]!;
    const ethType = (tag & SERVICE_TAG) === 0 ? 0x8100 : 0x88a8;
    operations.push({ op: "push_vlan", ethType, tci: tag & SAYS_SOMETHING });
  }
  return operations;
}

/**
 * The stack with which `normal` sends: a tag that says neither VLAN nor priority ends at the switch. It takes the tags
 * below it along, as Open vSwitch counts tags from above.
 */
export function normalStack([outer, inner]: TagStack): TagStack {
  return [saying(outer), saying(inner)];
}

function saying(tag: number): number {
  return (tag & SAYS_SOMETHING) === 0 ? 0 : tag;
}

function depth([outer, inner]: TagStack): number {
  if ((outer & IS_TAG) === 0) return 0;
  return (inner & IS_TAG) === 0 ? 1 : 2;
}
