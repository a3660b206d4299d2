import { isMap, isScalar, type Node, type ParsedNode } from "yaml";
import type { Path, Problem } from "./problem.ts";

interface Step {
  readonly node: Node | null;
  readonly key: number | null;
  readonly value: number | null;
}

/** Finds where in a document problems are. */
export class Places {
  readonly #root: ParsedNode | null;
  /** The steps down from each mapping that was gone through: a search for each problem would take too long. */
  readonly #steps = new Map<Node, ReadonlyMap<string, Step>>();

  constructor(root: ParsedNode | null) {
    this.#root = root;
  }

  /** The offset of a problem: of the key, of the value, or of what is nearest above a value that is missing. */
  offsetOf(problem: Problem): number {
    let node: Node | null = this.#root;
    let offset = startOf(node) ?? 0;
    for (const [i, part] of problem.path.entries()) {
      const found = this.#step(node, part);
      if (found === null) break;
      const last = i === problem.path.length - 1;
      offset =
        (last && problem.atKey !== undefined ? found.key : (found.value ?? found.key)) ?? offset;
      node = found.node;
    }
    return offset;
  }

  #step(node: Node | null, part: Path[number]): Step | null {
    if (node === null) return null;
    if (isMap<Node, Node | null>(node)) {
      let steps = this.#steps.get(node);
      if (steps === undefined) {
        steps = new Map(
          node.items
            // Of equal keys the first one counts.
            .toReversed()
            .flatMap((pair) =>
              isScalar(pair.key) ? [[String(pair.key.value), stepTo(pair)]] : [],
            ),
        );
        this.#steps.set(node, steps);
      }
      return steps.get(String(part)) ?? null;
    }
    if ("items" in node && Array.isArray(node.items)) {
      const item: unknown = node.items[Number(part)];
      const child = isNodeLike(item) ? item : null;
      return child === null ? null : { node: child, key: null, value: startOf(child) };
    }
    return null;
  }
}

function stepTo(pair: { readonly key: Node; readonly value: Node | null }): Step {
  // The value of a mapping starts at its first key; its own key is the better place for "is missing".
  const value = isMap(pair.value) ? null : startOf(pair.value);
  return { node: pair.value, key: startOf(pair.key), value };
}

function isNodeLike(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "range" in value;
}

function startOf(node: Node | null): number | null {
  return node?.range?.[0] ?? null;
}
