import { isScalar, LineCounter, type ParsedNode, parseDocument, visit } from "yaml";
import { InputError } from "../base/errors.ts";
import { SCENARIO_LIMITS } from "../base/limits.ts";

export interface YamlText {
  readonly root: ParsedNode | null;
  readonly value: unknown;
  /** `file:line:column` of an offset in the text. */
  readonly at: (offset: number) => string;
}

/** The first errors in the order of the file, and how many there are besides. */
export interface Errors {
  readonly errors: readonly InputError[];
  readonly more: number;
}

/** Read the YAML of a file; `file` only names it in errors. */
export function readYaml(text: string, file: string): YamlText | Errors {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  return foreseen(file, (): YamlText | Errors => {
    const document = withoutStacks(() =>
      parseDocument(text, {
        lineCounter: lines,
        prettyErrors: false,
        // The library would print its warnings itself.
        logLevel: "error",
        // It would compare each key with every other.
        uniqueKeys: false,
      }),
    );
    const broken: Broken[] = [...document.errors, ...document.warnings].map(
      ({ message, pos: [offset] }) => ({ message, offset }),
    );
    visit(document, {
      Map: (_, { items }) => {
        broken.push(...doubles(items));
      },
    });
    if (broken.length > 0)
      return firstErrors(
        broken,
        ({ message, offset }) =>
          new InputError(`not valid YAML: ${message}`, { where: at(offset) }),
      );
    return { root: document.contents, value: document.toJS(), at };
  });
}

interface Located {
  readonly offset: number;
}

interface Broken extends Located {
  readonly message: string;
}

/** As many as a reader looks at, as errors. */
export function firstErrors<T extends Located>(
  found: readonly T[],
  toError: (one: T) => InputError,
): Errors {
  const { errorsMax } = SCENARIO_LIMITS;
  const errors = found
    .toSorted((a, b) => a.offset - b.offset)
    .slice(0, errorsMax)
    .map(toError);
  return { errors, more: found.length - errors.length };
}

/** Keys of a mapping that stand there a second time. */
function doubles(items: readonly { readonly key: unknown }[]): Broken[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ key }): Broken[] => {
    if (!isScalar(key)) return [];
    const isDouble = seen.has(key.value);
    seen.add(key.value);
    return isDouble ? [{ message: "Map keys must be unique", offset: key.range?.[0] ?? 0 }] : [];
  });
}

/**
 * What the YAML library throws: aliases that refer to nothing, or that would blow the document up, show only when it is
 * turned into values; what is nested too deeply uses up the stack.
 */
function foreseen<T>(file: string, read: () => T): T | Errors {
  try {
    return read();
  } catch (error) {
    if (error instanceof ReferenceError)
      return { errors: [new InputError(error.message, { where: file })], more: 0 };
    if (!(error instanceof RangeError)) throw error;
    const nested = new InputError("is nested too deeply: no scenario", {
      where: file,
      cause: error,
    });
    return { errors: [nested], more: 0 };
  }
}

/**
 * The library makes an Error of everything that is wrong, some ten thousand of them in a hostile text, and the stacks,
 * which nobody reads, take most of the time.
 */
function withoutStacks<T>(read: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return read();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
