import { W } from "./layout.ts";
import type { Entry, Table } from "./table.ts";
import type { WalkKey } from "./walk-key.ts";

/**
 * The rule of a table for the packet as if it had come through `inPort`; with `ct` as if its addresses, protocol and ports
 * were those of its connection's original direction (`"untracked"`: there is none).
 */
export function lookUp(
  key: WalkKey,
  table: Table | undefined,
  inPort: number,
  ct: boolean,
): Entry | null | "untracked" {
  const { words, mask } = key;
  let places: Places = [];
  if (ct) {
    mask[W.ctProto] = -1;
    if (words[W.ctProto] === 0 || !key.has("ip")) return "untracked";
    places = key.has("ipv4") ? IPV4_TUPLE : IPV6_TUPLE;
    // Which of the two had a say is not worth telling apart.
    for (const [own, original] of places) mask[own] = mask[original] = -1;
  }
  const ownPort = words[W.inPort]!;
  words[W.inPort] = inPort;
  swap(words, places);
  const found = table === undefined ? null : find(table, words, mask);
  swap(words, places);
  words[W.inPort] = ownPort;
  return found;
}

/** No fragment has ports where rules are looked up: all of a datagram take the same way (ovs-ofctl(8), "normal"). */
function find(table: Table, words: Int32Array, mask: Int32Array): Entry | null {
  mask[W.ipFrag] = -1;
  if (words[W.ipFrag] !== FIRST_FRAGMENT) return table.find(words, mask);
  const [source, destination] = [words[W.tpSrc]!, words[W.tpDst]!];
  words[W.tpSrc] = words[W.tpDst] = 0;
  const found = table.find(words, mask);
  words[W.tpSrc] = source;
  words[W.tpDst] = destination;
  return found;
}

const FIRST_FRAGMENT = 1;

function swap(words: Int32Array, places: Places): void {
  for (const [a, b] of places) {
    const word = words[a]!;
    words[a] = words[b]!;
    words[b] = word;
  }
}

type Places = readonly (readonly [own: number, original: number])[];

const IPV4_TUPLE: Places = [
  [W.ipSrc, W.ctSrc],
  [W.ipDst, W.ctDst],
  [W.nwProto, W.ctProto],
  [W.tpSrc, W.ctTpSrc],
  [W.tpDst, W.ctTpDst],
];

const IPV6_TUPLE: Places = [
  ...IPV4_TUPLE,
  ...[1, 2, 3].flatMap((i): [number, number][] => [
    [W.ipSrc + i, W.ctSrc + i],
    [W.ipDst + i, W.ctDst + i],
  ]),
];
