/** The way to a value: keys and list indices. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with a scenario. */
export interface Problem {
  readonly path: Path;
  /** The key itself is wrong, not its value. */
  readonly atKey?: string;
  /** The rule that is broken, as a sentence. */
  readonly message: string;
  /** What would be right; found when it is told, since of many problems only some are. */
  readonly mend?: string | (() => string | null);
}

export function pathText(path: Path): string {
  return path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join("");
}
