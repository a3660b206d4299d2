import { InvalidArgumentError } from "commander";

/** Parser of an option's value: a whole number of at least `min`. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value) || value < min)
      throw new InvalidArgumentError(
        min === Number.MIN_SAFE_INTEGER
          ? "It must be a whole number."
          : `It must be a whole number of at least ${min}.`,
      );
    return value;
  };
}

/** Parser of an option's value: a positive number of seconds. */
export function positiveSeconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("It must be a positive number of seconds.");
  return value;
}
