import { fieldNamed } from "../rule/field.ts";
import { either, type Formula, type Literal, literal } from "./formula.ts";
import { constant, constantOf, type Fresh, ONE, read, type State, write, ZERO } from "./state.ts";

/** One less, and none that had no more than one: such a packet goes to the controller or nowhere. */
export function decremented(state: State, fresh: Fresh): State {
  const field = fieldNamed("nw_ttl");
  const bits = read(state, field);
  const value = constantOf(bits);
  if (value !== null) return write(state, field, constant(value - 1n, field.bits));
  const result = fresh.take(field.bits);
  let { formula } = state;
  for (const [i, out] of result.entries()) {
    const own = bits[i] ?? ZERO;
    // Bit i turns over if and only if all bits below it are zero.
    const below = bits.slice(0, i);
    const zeros = below.map((bit) => [bit, 0] as const);
    for (const value of [0, 1]) {
      formula = implied(formula, [...zeros, [own, value]], [out, 1 - value]);
      for (const bit of below)
        formula = implied(
          formula,
          [
            [bit, 1],
            [own, value],
          ],
          [out, value],
        );
    }
  }
  formula = implied(
    formula,
    bits.slice(1).map((bit) => [bit, 0] as const),
    null,
  );
  return write({ ...state, formula }, field, result);
}

type Condition = readonly [source: number, value: number];

/** If all of the conditions hold, so does the consequence; `null`: they never hold together. */
function implied(
  formula: Formula,
  conditions: readonly Condition[],
  then: Condition | null,
): Formula {
  const clause: Literal[] = [];
  for (const [source, value] of conditions) {
    if (source >= 0) clause.push(literal(source, 1 - value));
    else if ((source === ONE ? 1 : 0) !== value) return formula;
  }
  if (then !== null) clause.push(literal(then[0], then[1]));
  return either(formula, clause);
}
