import { InputError } from "../base/errors.ts";
import { nearest } from "../rule/piece.ts";
import { caseSchema, STEP_KINDS, type SwitchCase } from "./case.ts";

type Issue = NonNullable<ReturnType<typeof caseSchema.safeParse>["error"]>["issues"][number];

/**
 * Read a case from the text of its file. `file` only names it in errors. Throws InputError for the first thing that is
 * wrong, with the file, the number of the step (from 1) and the field.
 */
export function parseCase(text: string, file: string): SwitchCase {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`is not JSON: ${error.message}`, { where: file, cause: error });
  }
  const parsed = caseSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw parsed.error;
  throw problem(issue, input, file);
}

function problem(issue: Issue, input: unknown, file: string): InputError {
  const path = issue.path.map(String);
  const [first, index, ...rest] = path;
  const inStep = first === "steps" && index !== undefined;
  const op = inStep ? valueAt(input, ["steps", index, "op"]) : undefined;
  const step = inStep ? `, step ${Number(index) + 1}` : "";
  const kind = typeof op === "string" ? ` (${op})` : "";
  const field = inStep ? rest : path;
  const { message, mend } = told(issue, valueAt(input, path));
  return new InputError(field.length === 0 ? message : `${field.join(".")}: ${message}`, {
    where: `${file}${step}${kind}`,
    ...(mend === null ? {} : { mend }),
  });
}

function told(issue: Issue, value: unknown): { message: string; mend: string | null } {
  switch (issue.code) {
    case "unrecognized_keys":
      return { message: `unknown field ${issue.keys.map(quoted).join(", ")}`, mend: null };
    case "invalid_union": {
      // Of the unions only the one over the kinds of steps has a discriminator.
      if (!("discriminator" in issue) || issue.discriminator !== "op")
        return { message: issue.message, mend: null };
      const valid = STEP_KINDS.join(", ");
      if (value === undefined) return { message: `is missing; valid are ${valid}`, mend: null };
      const near = typeof value === "string" ? nearest(value, STEP_KINDS) : null;
      return {
        message: `unknown step ${quoted(value)}; valid are ${valid}`,
        mend: near === null ? null : `nearest is ${quoted(near)}`,
      };
    }
    case "invalid_type":
      return {
        message:
          value === undefined
            ? `is missing, must be of type ${issue.expected}`
            : `must be of type ${issue.expected}`,
        mend: null,
      };
    default:
      return { message: issue.message, mend: null };
  }
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function valueAt(input: unknown, path: readonly string[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
