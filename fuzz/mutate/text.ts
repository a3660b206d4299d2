import type { Random } from "../../src/base/random.ts";
import { INPUT_BYTES_MAX, stretch } from "./bytes.ts";

type Change = (random: Random, text: string, words: readonly string[], other: string) => string;

/** Numbers as they are written in texts. */
const NUMBERS: readonly string[] = [
  "0",
  "1",
  "-1",
  "00",
  "007",
  "+5",
  "127",
  "255",
  "256",
  "4095",
  "4096",
  "65535",
  "65536",
  "2147483647",
  "4294967295",
  "4294967296",
  "9007199254740991",
  "9007199254740992",
  "18446744073709551615",
  "18446744073709551616",
  "340282366920938463463374607431768211456",
  "1e3",
  "1e400",
  "0.5",
  "-0",
  "0x",
  "0x0",
  "0xffffffffffffffff",
  "ffffffffffffffff",
  "10000000000000000",
  "NaN",
  ".inf",
  "1_000",
];

/** Characters that splitting and trimming go wrong on. */
const CHARACTERS: readonly string[] = [
  "\0",
  "\t",
  "\n",
  "\r",
  "\r\n",
  " ",
  "\v",
  "\u0085",
  "\u00a0",
  "\u2028",
  "\ufeff",
  "\ud800",
  "\u{1f600}",
  '"',
  "'",
  "\\",
  ",",
  ":",
  ";",
  "=",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  "<",
  ">",
  "/",
  "#",
  "&",
  "*",
  "!",
  "|",
  "%",
  "@",
  "`",
  "-",
];

/** One to five changes that know lines, words, numbers and brackets. `words` are those of the language at hand. */
export function mutateText(
  random: Random,
  text: string,
  words: readonly string[],
  other: string,
): string {
  let mutated = text;
  for (let left = random.int(1, 5); left > 0; left--) {
    if (mutated === "") mutated = random.pick(words);
    mutated = random.pick(CHANGES)(random, mutated, words, other);
  }
  return mutated.slice(0, INPUT_BYTES_MAX);
}

const CHANGES: readonly Change[] = [
  function removeSpan(random, text) {
    const [start, end] = stretch(random, text.length);
    return text.slice(0, start) + text.slice(end);
  },
  function duplicateSpan(random, text) {
    const [start, end] = stretch(random, text.length);
    return text.slice(0, end) + text.slice(start);
  },
  function repeatSpan(random, text) {
    const [start, end] = stretch(random, text.length);
    return insertAt(text, start, many(random, text.slice(start, end)));
  },
  function repeatWord(random, text, words) {
    return insertAt(text, random.int(0, text.length), many(random, random.pick(words)));
  },
  function repeatCharacter(random, text) {
    return insertAt(text, random.int(0, text.length), many(random, random.pick(CHARACTERS)));
  },
  function insertWord(random, text, words) {
    return insertAt(text, boundary(random, text), random.pick(words));
  },
  function replaceWord(random, text, words) {
    const [start, end] = wordAt(random, text);
    return text.slice(0, start) + random.pick(words) + text.slice(end);
  },
  function exchangeWords(random, text) {
    const [a, b] = [wordAt(random, text), wordAt(random, text)].sort((x, y) => x[0] - y[0]);
    if (a === undefined || b === undefined || a[1] > b[0]) return text;
    const [first, second] = [text.slice(...a), text.slice(...b)];
    return text.slice(0, a[0]) + second + text.slice(a[1], b[0]) + first + text.slice(b[1]);
  },
  function changeNumber(random, text) {
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return text;
    const found = random.pick(numbers);
    const value = random.chance(0.7)
      ? random.pick(NUMBERS)
      : String(Number(found[0]) + random.int(-3, 3));
    return text.slice(0, found.index) + value + text.slice(found.index + found[0].length);
  },
  function changeCharacter(random, text) {
    const at = random.int(0, text.length - 1);
    return text.slice(0, at) + random.pick(CHARACTERS) + text.slice(at + 1);
  },
  function insertCharacter(random, text) {
    return insertAt(text, random.int(0, text.length), random.pick(CHARACTERS));
  },
  function removeLine(random, text) {
    return onLines(random, text, (lines, at) => lines.splice(at, 1));
  },
  function duplicateLine(random, text) {
    return onLines(random, text, (lines, at) => lines.splice(at, 0, lines[at]!));
  },
  function moveLine(random, text) {
    return onLines(random, text, (lines, at) => {
      const [line] = lines.splice(at, 1);
      lines.splice(random.int(0, lines.length), 0, line!);
    });
  },
  function indentLine(random, text) {
    return onLines(random, text, (lines, at) => {
      lines[at] = `${random.pick([" ", "  ", "\t"])}${lines[at]}`;
    });
  },
  function truncate(random, text) {
    return text.slice(0, random.int(0, text.length));
  },
  function splice(random, text, _words, other) {
    return text.slice(0, boundary(random, text)) + other.slice(boundary(random, other));
  },
  function lineEnds(random, text) {
    return random.chance(0.5) ? text.replaceAll("\r\n", "\n") : text.replaceAll("\n", "\r\n");
  },
];

/** Mostly a few, now and then thousands: nested deeply enough to use up a stack. */
function many(random: Random, piece: string): string {
  const most = Math.max(1, Math.floor(INPUT_BYTES_MAX / Math.max(1, piece.length)));
  const times = random.chance(0.98) ? random.int(2, 12) : random.int(100, 20_000);
  return piece.repeat(Math.min(most, times));
}

function insertAt(text: string, at: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at);
}

/** The word around a random place, as start and end. */
function wordAt(random: Random, text: string): readonly [number, number] {
  let start = random.int(0, Math.max(0, text.length - 1));
  let end = start;
  while (start > 0 && isWord(text.charCodeAt(start - 1))) start--;
  while (end < text.length && isWord(text.charCodeAt(end))) end++;
  return [start, Math.max(end, Math.min(text.length, start + 1))];
}

function boundary(random: Random, text: string): number {
  return text === "" ? 0 : wordAt(random, text)[random.int(0, 1) as 0 | 1];
}

function isWord(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 95
  );
}

function onLines(
  random: Random,
  text: string,
  change: (lines: string[], at: number) => void,
): string {
  const lines = text.split("\n");
  change(lines, random.int(0, lines.length - 1));
  return lines.join("\n");
}
