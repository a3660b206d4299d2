/** A TypeScript source in which some parts are blanked, so that what is searched is code. Offsets stay the same. */
export interface Blanked {
  /** Comments are blanks. */
  readonly withoutComments: string;
  /** Comments, and the content of strings, templates and regular expressions, are blanks. */
  readonly withoutText: string;
}

/** After one of these a slash begins a regular expression; otherwise it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};~+\-*%<>^]|\b(?:return|typeof|case|in|of|await|yield))\s*$/;

const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;

export function blank(source: string): Blanked {
  const comments = source.split("");
  const text = source.split("");
  const erase = (from: number, to: number, ...targets: string[][]) => {
    for (const target of targets)
      for (let i = from; i < to; i++) if (target[i] !== "\n") target[i] = " ";
  };
  // Open templates: for each, how many braces are open in its current insert.
  const templates: number[] = [];
  const templateText = (from: number): number => {
    let at = from;
    while (at < source.length && source[at] !== "`" && !source.startsWith("${", at))
      at += source[at] === "\\" ? 2 : 1;
    erase(from, Math.min(at, source.length), text);
    if (source[at] === "`") return at + 1;
    templates.push(0);
    return at + 2;
  };
  let at = 0;
  while (at < source.length) {
    const comment = matchAt(COMMENT, source, at);
    if (comment !== null) {
      erase(at, comment, comments, text);
      at = comment;
      continue;
    }
    const string = matchAt(STRING, source, at);
    if (string !== null) {
      erase(at + 1, string - 1, text);
      at = string;
      continue;
    }
    if (source[at] === "/" && BEFORE_REGEX.test(text.slice(Math.max(0, at - 40), at).join(""))) {
      const regex = matchAt(REGEX, source, at);
      if (regex !== null) {
        erase(at + 1, regex - 1, text);
        at = regex;
        continue;
      }
    }
    const open = templates.length - 1;
    if (source[at] === "`") at = templateText(at + 1);
    else if (source[at] === "}" && templates[open] === 0) {
      templates.pop();
      at = templateText(at + 1);
    } else {
      if (open >= 0 && source[at] === "{") templates[open]! += 1;
      if (open >= 0 && source[at] === "}") templates[open]! -= 1;
      at += 1;
    }
  }
  return { withoutComments: comments.join(""), withoutText: text.join("") };
}

function matchAt(pattern: RegExp, source: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : null;
}

/** What a source imports or exports from, static and dynamic, types included. */
export function importsOf({ withoutComments, withoutText }: Blanked): string[] {
  return [...withoutText.matchAll(/(?<![.\w$])(?:from|import)\s*\(?\s*(["'])/g)].map((match) => {
    const start = match.index + match[0].length;
    return withoutComments.slice(start, withoutText.indexOf(match[1] as string, start));
  });
}

/** Which of these globals a source uses; names with a dot are members of a global. */
export function globalsUsed({ withoutText }: Blanked, names: readonly string[]): string[] {
  return names.filter((name) => {
    const pattern = name.replace(".", "\\s*\\.\\s*");
    // Not a member of something else, and neither a key nor a parameter of that name.
    return new RegExp(`(?<![.\\w$#])(?<!\\?\\.)${pattern}(?![\\w$])(?!\\s*\\??:\\s)`).test(
      withoutText,
    );
  });
}
