import fc from "fast-check";
import { setup } from "./setup.ts";
import { type ActionChoice, actions, type L3, matchExtras, SELECTORS } from "./words.ts";

/** A rule in pieces, so that it shrinks piece by piece. */
export interface PlanRule {
  readonly table: number;
  readonly selector: L3;
  readonly extras: readonly string[];
  readonly actions: readonly string[];
}

export interface PlanRules {
  readonly own: readonly PlanRule[];
  /** Rules that track, commit, translate and forward, behind the random ones. */
  readonly setup: readonly string[];
}

const TABLE_MAX = 3;
const OWN_MAX = 9;

function planRule(choice: ActionChoice): fc.Arbitrary<PlanRule> {
  return fc.tuple(fc.nat(TABLE_MAX), fc.constantFrom(...SELECTORS)).chain(([table, selector]) =>
    fc.record({
      table: fc.constant(table),
      selector: fc.constant(selector),
      extras: matchExtras(selector),
      actions: actions(selector, table, choice),
    }),
  );
}

export function planRules(choice: ActionChoice): fc.Arbitrary<PlanRules> {
  return fc.record({
    own: fc.array(planRule(choice), {
      minLength: 0,
      maxLength: choice.fragments ? 0 : OWN_MAX,
      size: "max",
    }),
    setup: setup(choice),
  });
}

/** One rule a line. Each has a priority of its own: what overlaps with equal priority is not defined. */
export function rulesText({ own, setup: lines }: PlanRules): string {
  const written = own.map(({ table, selector, extras, actions: list }, i) => {
    const match = [selector, ...extras].filter((part) => part !== "").join(",");
    const head = `table=${table},priority=${200 - i}${match === "" ? "" : `,${match}`}`;
    return `${head},actions=${list.length === 0 ? "drop" : list.join(",")}`;
  });
  return [...written, ...lines].map((line) => `${line}\n`).join("");
}
