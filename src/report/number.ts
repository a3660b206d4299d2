/** How figures are written, the same in the terminal and on the page. All of them take null for "not known". */
export const UNKNOWN = "–";

export function decimal(value: number | null, digits = 2): string {
  if (value === null) return UNKNOWN;
  const text = value.toFixed(digits);
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/** A whole number with thousands separated. */
export function whole(value: number | null): string {
  return value === null ? UNKNOWN : groups(String(Math.round(value)));
}

function groups(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

export function seconds(value: number | null): string {
  if (value === null) return UNKNOWN;
  return `${decimal(value, Math.abs(value) < 10 ? 2 : 1)} s`;
}

export function milliseconds(value: number | null): string {
  if (value === null) return UNKNOWN;
  return value >= 1000 ? seconds(value / 1000) : `${decimal(value, value === 0 ? 0 : 1)} ms`;
}

export function bytes(value: number | null): string {
  return value === null ? UNKNOWN : `${whole(value)} B`;
}

/** A figure of any kind, for instance of an assertion. */
export function figure(value: number | string | null): string {
  if (typeof value !== "number") return value ?? UNKNOWN;
  if (Number.isInteger(value)) return whole(value);
  return Math.abs(value) >= 0.001 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** "1 answer", "2 answers", "2 misses". */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${whole(n)} ${n === 1 ? one : many}`;
}
