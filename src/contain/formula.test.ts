import test from "ava";
import fc from "fast-check";
import { type Formula, literal, solve, TRUE, without } from "./formula.ts";

const VARIABLES = 6;
const cube = fc.uniqueArray(fc.tuple(fc.nat({ max: VARIABLES - 1 }), fc.constantFrom(0, 1)), {
  maxLength: 5,
  selector: ([variable]) => variable,
});

test("taking matches out leaves exactly the headers that none of them matches", (t) => {
  fc.assert(
    fc.property(fc.array(cube, { maxLength: 8 }), (cubes) => {
      let formula: Formula | null = TRUE;
      for (const literals of cubes)
        formula &&= without(
          formula,
          literals.map(([variable, value]) => literal(variable, value)),
        );
      const left: number[] = [];
      for (let header = 0; header < 1 << VARIABLES; header++) {
        const isMatched = cubes.some((literals) =>
          literals.every(([variable, value]) => ((header >> variable) & 1) === value),
        );
        if (!isMatched) left.push(header);
      }
      const solution = formula === null ? null : solve(formula);
      if (left.length === 0) t.is(solution, null);
      else {
        t.truthy(solution);
        let header = 0;
        for (const [variable, value] of solution ?? []) header |= value << variable;
        t.true(left.includes(header));
        // What the solution leaves open may have any value.
        for (let v = 0; v < VARIABLES; v++)
          if (solution?.has(v) === false) t.true(left.includes(header | (1 << v)));
      }
    }),
  );
});
