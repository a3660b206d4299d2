import type { z } from "zod";
import { type JsonSchema, scenarioJsonSchema } from "./json-schema.ts";
import { nearest } from "./nearest.ts";
import type { Path, Problem } from "./problem.ts";

type Issue = z.core.$ZodIssue;

/** What the schema finds wrong, in plain words and with the nearest valid key or value. */
export function schemaProblems(issues: readonly Issue[], input: unknown): Problem[] {
  return issues.flatMap((issue) => fromIssue(issue, input));
}

function fromIssue(issue: Issue, input: unknown): Problem[] {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  const value = valueAt(input, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(path, key, input));
    case "invalid_type":
      return [{ path, message: typeMessage(value, issue.expected) }];
    case "invalid_value":
      return [unknownValue(path, value, issue.values)];
    case "invalid_union": {
      const valid = validValues(issue);
      return [
        valid.length > 0 ? unknownValue(path, value, valid) : { path, message: issue.message },
      ];
    }
    case "invalid_key":
      return [
        {
          path,
          atKey: String(path.at(-1)),
          message: `${quoted(path.at(-1))} ${issue.issues[0]?.message}`,
        },
      ];
    case "invalid_format":
      return [{ path, message: `${quoted(value)} ${issue.message}` }];
    case "too_small":
      return [{ path, message: sizeMessage(value, "at least", issue.minimum, issue.inclusive) }];
    case "too_big":
      return [{ path, message: sizeMessage(value, "at most", issue.maximum, issue.inclusive) }];
    default:
      return [{ path, message: issue.message }];
  }
}

function unknownKey(path: Path, key: string, input: unknown): Problem {
  return {
    path: [...path, key],
    atKey: key,
    message: `unknown key ${quoted(key)}`,
    mend: () => {
      const near = nearest(key, keysAt(path, input));
      return near === null ? null : `nearest valid key is ${quoted(near)}`;
    },
  };
}

function unknownValue(path: Path, value: unknown, valid: readonly unknown[]): Problem {
  const list = valid.map(quoted).join(", ");
  if (value === undefined) return { path, message: `is missing; valid are ${list}` };
  const words = valid.filter((v): v is string => typeof v === "string");
  return {
    path,
    message: `${quoted(value)} is not valid; valid are ${list}`,
    mend: () => {
      const near = typeof value === "string" ? nearest(value, words) : null;
      return near === null ? null : `nearest is ${quoted(near)}`;
    },
  };
}

/** The values that a union allows, and the types of its members, as words. */
function validValues(issue: z.core.$ZodIssueInvalidUnion): unknown[] {
  if ("options" in issue && Array.isArray(issue.options)) return issue.options;
  return issue.errors.flat().flatMap((inner): unknown[] => {
    if (inner.code === "invalid_value") return inner.values;
    if (inner.code === "invalid_type") return [new TypeWord(inner.expected)];
    if (inner.code === "too_small") return [new TypeWord(`number from ${inner.minimum}`)];
    if (inner.code === "too_big") return [new TypeWord(`number up to ${inner.maximum}`)];
    return [];
  });
}

/** A type among valid values: printed with an article instead of quotes. */
class TypeWord {
  readonly type: string;
  constructor(type: string) {
    this.type = type;
  }
}

function typeMessage(value: unknown, expected: string): string {
  if (value === undefined) return `is missing, must be ${typeName(expected)}`;
  return `${shown(value)} is not ${typeName(expected)}`;
}

function typeName(expected: string): string {
  switch (expected) {
    case "object":
    case "record":
      return "a mapping (key: value lines)";
    case "array":
      return "a list";
    case "int":
      return "a whole number";
    default:
      return `a ${expected}`;
  }
}

function sizeMessage(
  value: unknown,
  bound: "at least" | "at most",
  limit: number | bigint,
  inclusive: boolean | undefined,
): string {
  const than = bound === "at least" ? "greater" : "less";
  const rule = inclusive === false ? `${than} than ${limit}` : `${bound} ${limit}`;
  if (typeof value === "number") return `${value} must be ${rule}`;
  if (typeof value === "string")
    return `${quoted(value)} has ${value.length} characters, must have ${rule}`;
  const count = Array.isArray(value) ? value.length : 0;
  return `has ${count} entries, must have ${rule}`;
}

function shown(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a mapping" : quoted(value);
}

function quoted(value: unknown): string {
  if (value instanceof TypeWord) return typeName(value.type);
  if (typeof value !== "string") return String(value);
  return `"${value.length > 60 ? `${value.slice(0, 57)}...` : value}"`;
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** Made when it is first needed: it takes some milliseconds, and most scenarios are right. */
let schema: JsonSchema | null = null;

/** The keys that the schema knows at a place; where it offers alternatives, those of the one that `command` picks. */
function keysAt(path: Path, input: unknown): string[] {
  schema ??= scenarioJsonSchema() as JsonSchema;
  let schemas: JsonSchema[] = [schema];
  for (const [i, part] of path.entries()) {
    schemas = schemas
      .map((one) => childOf(one, part))
      .filter((one) => one !== null)
      .flatMap((one) => alternatives(one, valueAt(input, path.slice(0, i + 1))));
  }
  return [...new Set(schemas.flatMap((one) => Object.keys(one.properties ?? {})))];
}

function childOf(schema: JsonSchema, part: string | number): JsonSchema | null {
  if (typeof part === "number") return schema.items ?? null;
  const more = schema.additionalProperties;
  return schema.properties?.[part] ?? (typeof more === "object" ? more : null);
}

function alternatives(schema: JsonSchema, value: unknown): JsonSchema[] {
  const all = [...(schema.oneOf ?? schema.anyOf ?? [schema])];
  const command = valueAt(value, ["command"]);
  const picked = all.filter((one) => one.properties?.command?.const === command);
  return picked.length > 0 ? picked : all;
}
