import { InputError } from "../base/errors.ts";
import { RULE_LIMITS } from "../base/limits.ts";

/** A part of a line that remembers where it stands, so that an error can point at it. */
export class Piece {
  readonly text: string;
  /** `rules.txt:12`, or `""` for text that came from no file. */
  readonly origin: string;
  /** Column of the first character, from 1. */
  readonly column: number;

  constructor(text: string, origin = "", column = 1) {
    this.text = text;
    this.origin = origin;
    this.column = column;
  }

  /** The part from `start` up to, not including, `end`. */
  slice(start: number, end = this.text.length): Piece {
    return new Piece(this.text.slice(start, end), this.origin, this.column + start);
  }

  trim(): Piece {
    const start = this.text.length - this.text.trimStart().length;
    return this.slice(start, Math.max(start, this.text.trimEnd().length));
  }

  /** The parts before and after the first `separator`, or `null` if there is none. */
  cut(separator: string): readonly [Piece, Piece] | null {
    const at = this.text.indexOf(separator);
    return at < 0 ? null : [this.slice(0, at), this.slice(at + separator.length)];
  }

  /** The error that says what was found here and what was expected instead. */
  expected(what: string): InputError {
    const found = this.text === "" ? "nothing" : `"${this.text}"`;
    return this.error(`found ${found}, expected ${what}`);
  }

  error(message: string): InputError {
    const origin = this.origin === "" ? "rule" : this.origin;
    return new InputError(message, { where: `${origin}:${this.column}` });
  }
}

const OPEN = "([";
const CLOSE = ")]";

/**
 * Splits at commas (and blanks, where `blanks`) that stand outside brackets and quotes. Empty parts vanish, as in
 * ovs-ofctl. Throws InputError where a bracket is not closed.
 */
export function splitList(piece: Piece, blanks = true): Piece[] {
  const parts: Piece[] = [];
  const depths: number[] = [];
  let start = 0;
  let quoted = false;
  const { text } = piece;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    if (c === '"') quoted = !quoted;
    else if (quoted && c !== undefined) continue;
    else if (c !== undefined && OPEN.includes(c)) depths.push(i);
    else if (c !== undefined && CLOSE.includes(c)) {
      const open = depths.pop();
      if (open === undefined || OPEN.indexOf(text[open] ?? "") !== CLOSE.indexOf(c)) {
        throw piece.slice(i).error(`found "${c}" without the bracket that opens it`);
      }
      // `a(b)c`: ovs-ofctl asks for nothing between the two.
      if (c === ")" && depths.length === 0 && /\w/.test(text[i + 1] ?? "")) {
        parts.push(piece.slice(start, i + 1));
        start = i + 1;
      }
    } else if (
      c === undefined ||
      (depths.length === 0 && (c === "," || (blanks && /\s/.test(c))))
    ) {
      if (i > start) parts.push(piece.slice(start, i));
      start = i + 1;
    }
  }
  const open = depths.pop();
  if (open !== undefined) throw piece.slice(open).error(`"${text[open]}" is never closed`);
  return parts.map((p) => p.trim()).filter((p) => p.text !== "");
}

/** The same with the brackets closed that are still open at its end, as ovs-ofctl reads it. */
export function closed(piece: Piece): Piece {
  const open: string[] = [];
  for (const c of piece.text) {
    if (OPEN.includes(c)) open.push(c);
    else if (CLOSE.includes(c)) open.pop();
  }
  const missing = open.toReversed().map((c) => CLOSE[OPEN.indexOf(c)]);
  return new Piece(piece.text + missing.join(""), piece.origin, piece.column);
}

/** The candidate nearest to `word` (at most two edits away), for a suggestion. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > RULE_LIMITS.suggestionCharactersMax) return null;
  let best: string | null = null;
  let bestDistance = 3;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
