/**
 * What is known of packets' bits: variables are numbers, a literal `2 * variable + value` says "that variable is value".
 * Values that are settled are units; everything else is a conjunction of clauses, each an "or" of literals. Sets of
 * headers are kept as such formulas and not as lists of cubes, because taking one match out of another would split
 * them into hundreds.
 */
export type Literal = number;
export type Clause = readonly Literal[];

export interface Formula {
  readonly units: ReadonlyMap<number, number>;
  readonly clauses: readonly Clause[];
}

export const TRUE: Formula = { units: new Map(), clauses: [] };

export function literal(variable: number, value: number): Literal {
  return 2 * variable + value;
}

const variableOf = (l: Literal) => l >> 1;
const bitOf = (l: Literal) => l & 1;

/** Both hold: the formula and all literals. `null`: they contradict each other. */
export function both(formula: Formula, literals: readonly Literal[]): Formula | null {
  const units = new Map(formula.units);
  for (const l of literals) {
    const known = units.get(variableOf(l));
    if (known === undefined) units.set(variableOf(l), bitOf(l));
    else if (known !== bitOf(l)) return null;
  }
  return { units, clauses: formula.clauses };
}

/** The formula, and not all of the literals together. `null`: they hold whenever the formula does. */
export function without(formula: Formula, literals: readonly Literal[]): Formula | null {
  const clause: Literal[] = [];
  for (const l of literals) {
    const known = formula.units.get(variableOf(l));
    if (known === undefined) clause.push(l ^ 1);
    else if (known !== bitOf(l)) return formula;
  }
  return clause.length === 0 ? null : either(formula, clause);
}

/** The formula, and one of the literals. */
export function either(formula: Formula, clause: Clause): Formula {
  return { units: formula.units, clauses: [...formula.clauses, clause] };
}

/** Every variable's number grows by `by`: the same about another packet. */
export function shifted({ units, clauses }: Formula, by: number): Formula {
  return {
    units: new Map([...units].map(([variable, value]) => [variable + by, value])),
    clauses: clauses.map((clause) => clause.map((l) => l + 2 * by)),
  };
}

export function join(a: Formula, b: Formula): Formula | null {
  const joined = both(
    a,
    [...b.units].map(([variable, value]) => literal(variable, value)),
  );
  return joined === null ? null : { units: joined.units, clauses: [...a.clauses, ...b.clauses] };
}

/** The same formula with everything settled that follows without guessing. `null`: that is a contradiction. */
export function settled({ units, clauses }: Formula): Formula | null {
  const values = new Map(units);
  let open = clauses;
  for (;;) {
    const before = values.size;
    const next = settle(values, open);
    if (next === null) return null;
    open = next;
    if (values.size === before) return { units: values, clauses: open };
  }
}

/**
 * Values under which the formula holds; variables that are not in them may have any. `null`: there are none.
 * Davis, Putnam, Logemann, Loveland: settle what follows, guess, go back.
 */
export function solve(formula: Formula): ReadonlyMap<number, number> | null {
  const rest = settled(formula);
  if (rest === null) return null;
  if (rest.clauses.length === 0) return rest.units;
  // The shortest clause leaves the fewest guesses.
  const shortest = rest.clauses.reduce((a, b) => (b.length < a.length ? b : a));
  const units = new Map(rest.units);
  for (const guess of shortest) {
    const solution = solve({
      units: new Map(units).set(variableOf(guess), bitOf(guess)),
      clauses: rest.clauses,
    });
    if (solution !== null) return solution;
    units.set(variableOf(guess), 1 - bitOf(guess));
  }
  return null;
}

/** One round: clauses that hold go, what is false goes out of clauses, what stands alone is settled. */
function settle(values: Map<number, number>, clauses: readonly Clause[]): Clause[] | null {
  const open: Clause[] = [];
  for (const clause of clauses) {
    let isMet = false;
    let isShorter = false;
    for (const l of clause) {
      const known = values.get(variableOf(l));
      if (known === undefined) continue;
      if (known === bitOf(l)) isMet = true;
      else isShorter = true;
    }
    if (isMet) continue;
    const left = isShorter ? clause.filter((l) => !values.has(variableOf(l))) : clause;
    const [only] = left;
    if (only === undefined) return null;
    if (left.length === 1) values.set(variableOf(only), bitOf(only));
    else open.push(left);
  }
  return open;
}
