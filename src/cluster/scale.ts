import { InputError } from "../base/errors.ts";
import { columnMeans, type Row, type Rows } from "./rows.ts";

/** Standardised value = (raw - center) / scale, column by column; the names are those of R's `scale()`. */
export interface Scale {
  readonly center: readonly number[];
  /** Sample standard deviations (n - 1). 1 for a column that does not vary. */
  readonly scale: readonly number[];
}

/**
 * R's `scale()`: the mean and the sample standard deviation of each column. A column that does not vary has deviation 0;
 * R then gives NaN, here it is divided by 1: it is 0 for all of these rows and takes no part in their distances, and a
 * new row that differs in it is as far away as the raw values are.
 * Throws InputError without rows, and where a value is no finite number.
 */
export function fitScale(rows: Rows): Scale {
  if (rows.length === 0) throw new InputError("there are no observations to standardise");
  if (!rows.every((row) => row.every(Number.isFinite)))
    throw new InputError("an observation has a value that is no finite number");
  const center = columnMeans(rows);
  const scale = center.map((mean, j) => {
    // Compared exactly: the rounding of the mean must not make a constant column vary by 1e-17.
    if (rows.every((row) => row[j] === rows[0]![j])) return 1;
    let squares = 0;
    for (const row of rows) squares += (row[j]! - mean) ** 2;
    return Math.sqrt(squares / (rows.length - 1)) || 1;
  });
  return { center, scale };
}

export function standardise(scale: Scale, row: Row): number[] {
  return row.map((value, j) => (value - scale.center[j]!) / scale.scale[j]!);
}

/** The raw values of a standardised row. */
export function restore(scale: Scale, row: Row): number[] {
  return row.map((value, j) => value * scale.scale[j]! + scale.center[j]!);
}
