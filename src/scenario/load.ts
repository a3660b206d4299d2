import { isMap, isScalar, LineCounter, type Node, type ParsedNode, parseDocument } from "yaml";
import { InputError } from "../base/errors.ts";
import { meaningProblems } from "./meaning.ts";
import { type Path, type Problem, pathText } from "./problem.ts";
import { type Scenario, scenarioSchema } from "./scenario.ts";
import { schemaProblems } from "./schema-problems.ts";

/** A scenario is written by hand: a longer text is some other file. */
const SCENARIO_CHARACTERS_MAX = 100_000;

/**
 * Read a scenario from the text of its file. `file` only names it in errors.
 * The result is filled in with every default and deep-frozen. Throws InputError for the first thing that is wrong,
 * with `file:line:column`, the rule that is broken and, where there is one, the nearest valid key.
 */
export function parseScenario(text: string, file: string): Scenario {
  const checked = checkScenario(text, file);
  if (checked.scenario !== null) return checked.scenario;
  const [first, ...rest] = checked.errors;
  if (first === undefined) throw new RangeError("a scenario without errors was refused");
  if (rest.length === 0) throw first;
  const more = rest.length === 1 ? "1 more error" : `${rest.length} more errors`;
  throw new InputError(`${first.message}, and ${more}`, {
    ...(first.where === undefined ? {} : { where: first.where }),
    ...(first.mend === undefined ? {} : { mend: first.mend }),
  });
}

export type CheckedScenario =
  | { readonly scenario: Scenario; readonly errors: readonly [] }
  | { readonly scenario: null; readonly errors: readonly InputError[] };

/** As parseScenario, but with every error, in the order of the file. */
export function checkScenario(text: string, file: string): CheckedScenario {
  if (text.length > SCENARIO_CHARACTERS_MAX) {
    return refused([
      new InputError(`the file has more than ${SCENARIO_CHARACTERS_MAX} characters: no scenario`, {
        where: file,
      }),
    ]);
  }
  const lines = new LineCounter();
  // The library would print its warnings itself.
  const options = { lineCounter: lines, prettyErrors: false, logLevel: "error" } as const;
  const document = foreseen(() => parseDocument(text, options), file);
  if (document instanceof InputError) return refused([document]);
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return refused(
      broken.map((e) => new InputError(`not valid YAML: ${e.message}`, { where: at(e.pos[0]) })),
    );
  }
  const input = foreseen((): unknown => document.toJS(), file);
  if (input instanceof InputError) return refused([input]);

  const parsed = scenarioSchema.safeParse(input);
  const problems = parsed.success
    ? meaningProblems(parsed.data)
    : schemaProblems(parsed.error.issues, input);
  if (problems.length > 0) {
    const located = problems
      .map((problem) => ({ problem, offset: offsetOf(document.contents, problem) }))
      .sort((a, b) => a.offset - b.offset);
    return refused(located.map(({ problem, offset }) => toError(problem, at(offset))));
  }
  if (!parsed.success) throw parsed.error;
  return { scenario: deepFreeze(parsed.data), errors: [] };
}

function refused(errors: readonly InputError[]): CheckedScenario {
  return { scenario: null, errors };
}

/**
 * What the YAML library throws: aliases that refer to nothing, or that would blow the document up, show only when it is
 * turned into values; what is nested too deeply uses up the stack.
 */
function foreseen<T>(read: () => T, file: string): T | InputError {
  try {
    return read();
  } catch (error) {
    if (error instanceof ReferenceError) return new InputError(error.message, { where: file });
    if (!(error instanceof RangeError)) throw error;
    return new InputError("is nested too deeply: no scenario", { where: file, cause: error });
  }
}

function toError(problem: Problem, where: string): InputError {
  const path = pathText(problem.atKey === undefined ? problem.path : problem.path.slice(0, -1));
  return new InputError(path === "" ? problem.message : `${path}: ${problem.message}`, {
    where,
    ...(problem.mend === undefined ? {} : { mend: problem.mend }),
  });
}

/** Where in the text a problem is: at the key, at the value, or at what is nearest above a value that is missing. */
function offsetOf(root: ParsedNode | null, problem: Problem): number {
  let node: Node | null = root;
  let offset = startOf(node) ?? 0;
  for (const [i, part] of problem.path.entries()) {
    const found = step(node, part);
    if (found === null) break;
    const last = i === problem.path.length - 1;
    offset =
      (last && problem.atKey !== undefined ? found.key : (found.value ?? found.key)) ?? offset;
    node = found.node;
  }
  return offset;
}

interface Step {
  readonly node: Node | null;
  readonly key: number | null;
  readonly value: number | null;
}

function step(node: Node | null, part: Path[number]): Step | null {
  if (isMap<Node, Node | null>(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
    if (pair === undefined) return null;
    // The value of a mapping starts at its first key; its own key is the better place for "is missing".
    const value = isMap(pair.value) ? null : startOf(pair.value);
    return { node: pair.value, key: startOf(pair.key), value };
  }
  if (node !== null && "items" in node && Array.isArray(node.items)) {
    const item: unknown = node.items[Number(part)];
    const child = isNodeLike(item) ? item : null;
    return child === null ? null : { node: child, key: null, value: startOf(child) };
  }
  return null;
}

function isNodeLike(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "range" in value;
}

function startOf(node: Node | null): number | null {
  return node?.range?.[0] ?? null;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
