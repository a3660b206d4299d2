/** HTML or SVG that is safe to put into a page as it is. Made only by `html`, which escapes what it is given. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

export type Insert = string | number | Markup | null | false | readonly Insert[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * A template whose inserts are escaped, so that a scenario's or a capture's strings stay text. Attribute values must be
 * written in quotes. Lists are joined; `null` and `false` give nothing.
 */
export function html(strings: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  return new Markup(
    strings.reduce((text, part, i) => text + inserted(inserts[i - 1] ?? null) + part),
  );
}

function inserted(insert: Insert): string {
  if (insert === null || insert === false) return "";
  if (insert instanceof Markup) return insert.text;
  if (Array.isArray(insert)) return insert.map(inserted).join("");
  return escapeText(String(insert));
}

/** Also takes out what no page may contain: control characters other than the white space ones. */
function escapeText(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** A string from outside in one harmless line: control characters and direction marks become a visible sign. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, "\uFFFD");
}
