import type { Rows } from "./rows.ts";

/**
 * Rows as one block of numbers, row after row: 8 bytes a value. A million rows as arrays are a million objects, and every
 * pass over them follows a million pointers.
 */
export interface Points {
  readonly count: number;
  readonly width: number;
  /** The value of row i in column j is `values[i * width + j]`. */
  readonly values: Float64Array;
}

export function pointsOf(rows: Rows): Points {
  const width = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * width);
  let at = 0;
  for (const row of rows) for (let j = 0; j < width; j++) values[at++] = row[j]!;
  return { count: rows.length, width, values };
}

/** The points in another order: `order` holds their numbers. */
export function reordered({ count, width, values }: Points, order: Uint32Array): Points {
  const result = new Float64Array(values.length);
  let at = 0;
  for (let place = 0; place < count; place++) {
    const from = order[place]! * width;
    for (let j = 0; j < width; j++) result[at++] = values[from + j]!;
  }
  return { count, width, values: result };
}

/** The squared distance of the point that begins at `values[at]` to the centre that begins at `centres[from]`. */
export function squaredDistanceAt(
  values: Float64Array,
  at: number,
  centres: Float64Array,
  from: number,
  width: number,
): number {
  const first = values[at]! - centres[from]!;
  let sum = first * first;
  for (let j = 1; j < width; j++) {
    const difference = values[at + j]! - centres[from + j]!;
    sum += difference * difference;
  }
  return sum;
}
