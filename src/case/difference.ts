import type { SeenPacketIn, SentFrame } from "./device.ts";
import { frameFields, frameSummary, toHex } from "./frame-fields.ts";

/** What differs between the frames that left and those that should have: port by port, in their order. */
export function sentDifference(
  expected: readonly SentFrame[],
  found: readonly SentFrame[],
): string[] {
  const ports = [...new Set([...expected, ...found].map(({ port }) => port))];
  return ports.flatMap((port) => {
    const through = (list: readonly SentFrame[]) =>
      list.filter((sent) => sent.port === port).map(({ bytes }) => bytes);
    return frameListDifference(`port ${port}`, through(expected), through(found));
  });
}

/** The same for what went to the controller. */
export function packetInDifference(
  expected: readonly SeenPacketIn[],
  found: readonly SeenPacketIn[],
): string[] {
  const lines: string[] = [];
  for (let i = 0; i < Math.max(expected.length, found.length); i++) {
    const [a, b] = [expected[i]?.meta.trim() ?? "nothing", found[i]?.meta.trim() ?? "nothing"];
    if (!sameMeta(a, b)) lines.push(`packet-in ${i + 1}:`, `  expected  ${a}`, `  found     ${b}`);
  }
  const bytes = (list: readonly SeenPacketIn[]) => list.map((packetIn) => packetIn.bytes);
  return [...lines, ...frameListDifference("controller", bytes(expected), bytes(found))];
}

const COOKIE = /\bcookie=\S+\s*/;

/** Not every recording keeps the cookie. */
function sameMeta(a: string, b: string): boolean {
  if (COOKIE.test(a) && COOKIE.test(b)) return a === b;
  return a.replace(COOKIE, "") === b.replace(COOKIE, "");
}

/** Lines that only one side has; `key` says which lines are equal. */
export function lineDifference(
  expected: readonly string[],
  found: readonly string[],
  key: (line: string) => string = (line) => line,
): string[] {
  const rest = [...found];
  const missing = expected.filter((line) => {
    const at = rest.findIndex((other) => key(other) === key(line));
    if (at < 0) return true;
    rest.splice(at, 1);
    return false;
  });
  return [
    ...missing.map((line) => `expected  ${line}`),
    ...rest.map((line) => `found     ${line}`),
  ];
}

function frameListDifference(
  name: string,
  expected: readonly Uint8Array[],
  found: readonly Uint8Array[],
): string[] {
  const lines: string[] = [];
  if (expected.length !== found.length)
    lines.push(`${name}: expected ${counted(expected.length)}, found ${counted(found.length)}`);
  for (let i = 0; i < Math.max(expected.length, found.length); i++) {
    const [a, b] = [expected[i], found[i]];
    if (a === undefined) lines.push(...extra(`${name}, frame ${i + 1} was not expected:`, b!));
    else if (b === undefined) lines.push(...extra(`${name}, frame ${i + 1} is missing:`, a));
    else if (toHex(a) !== toHex(b))
      lines.push(`${name}, frame ${i + 1}:`, ...frameDifference(a, b));
  }
  return lines;
}

function extra(head: string, bytes: Uint8Array): string[] {
  return [head, `  ${frameSummary(bytes)}`, `  ${toHex(bytes)}`];
}

/** Field by field; where no field that is known differs, the bytes. */
function frameDifference(expected: Uint8Array, found: Uint8Array): string[] {
  const [a, b] = [new Map(frameFields(expected)), new Map(frameFields(found))];
  const names = [...new Set([...a.keys(), ...b.keys()])].filter((n) => a.get(n) !== b.get(n));
  const rows = names.map((name) => [name, a.get(name) ?? "–", b.get(name) ?? "–"] as const);
  const width = Math.max(0, ...names.map((name) => name.length));
  const lines = rows.flatMap(([name, left, right]) =>
    left.length + right.length > 60
      ? [`  ${name}`, `    expected  ${left}`, `    found     ${right}`]
      : [`  ${name.padEnd(width)}  expected ${left}, found ${right}`],
  );
  if (lines.length > 0) return lines;
  return [
    `  in byte ${firstDifference(expected, found)}`,
    `    expected  ${toHex(expected)}`,
    `    found     ${toHex(found)}`,
  ];
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

function counted(frames: number): string {
  if (frames === 0) return "no frame";
  return frames === 1 ? "1 frame" : `${frames} frames`;
}
