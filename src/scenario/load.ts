import { InputError } from "../base/errors.ts";
import { SCENARIO_LIMITS } from "../base/limits.ts";
import { meaningProblems } from "./meaning.ts";
import { Places } from "./place.ts";
import { type Problem, pathText } from "./problem.ts";
import { type Errors, firstErrors, readYaml } from "./read-yaml.ts";
import { type Scenario, scenarioSchema } from "./scenario.ts";
import { schemaProblems } from "./schema-problems.ts";

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
  const others = rest.length + checked.more;
  if (others === 0) throw first;
  throw new InputError(`${first.message}, and ${moreErrors(others)}`, {
    ...(first.where === undefined ? {} : { where: first.where }),
    ...(first.mend === undefined ? {} : { mend: first.mend }),
  });
}

/** "1 more error", "12 more errors". */
export function moreErrors(count: number): string {
  return count === 1 ? "1 more error" : `${count} more errors`;
}

export type CheckedScenario =
  | { readonly scenario: Scenario; readonly errors: readonly []; readonly more: 0 }
  | ({ readonly scenario: null } & Errors);

/** As parseScenario, but with the errors in the order of the file: the first of them, and how many more there are. */
export function checkScenario(text: string, file: string): CheckedScenario {
  const { charactersMax } = SCENARIO_LIMITS;
  if (text.length > charactersMax) {
    const message = `the file has more than ${charactersMax} characters: no scenario`;
    return { scenario: null, errors: [new InputError(message, { where: file })], more: 0 };
  }
  const yaml = readYaml(text, file);
  if ("errors" in yaml) return { scenario: null, ...yaml };

  const parsed = scenarioSchema.safeParse(yaml.value);
  const problems = parsed.success
    ? meaningProblems(parsed.data)
    : schemaProblems(parsed.error.issues, yaml.value);
  if (problems.length > 0) {
    const places = new Places(yaml.root);
    const located = problems.map((problem) => ({ problem, offset: places.offsetOf(problem) }));
    const errors = firstErrors(located, ({ problem, offset }) => toError(problem, yaml.at(offset)));
    return { scenario: null, ...errors };
  }
  if (!parsed.success) throw parsed.error;
  return { scenario: deepFreeze(parsed.data), errors: [], more: 0 };
}

function toError(problem: Problem, where: string): InputError {
  const mend = typeof problem.mend === "function" ? problem.mend() : problem.mend;
  const path = pathText(problem.atKey === undefined ? problem.path : problem.path.slice(0, -1));
  return new InputError(path === "" ? problem.message : `${path}: ${problem.message}`, {
    where,
    ...(mend === undefined || mend === null ? {} : { mend }),
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
