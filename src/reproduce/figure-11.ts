import { kernelCalls } from "../trace/kernel.ts";
import type { KernelCall } from "../trace/record.ts";
import type { FunctionGraph, TracedCall } from "./function-graph.ts";

/**
 * What the kernel knows of a function by its name: `traced`: the tracer can see it; `symbol`: it is there, and the tracer
 * may not; `none`: the compiler has put it into its callers.
 */
export type Visibility = "traced" | "symbol" | "none";

export interface ChainStep extends KernelCall {
  /**
   * `called`: seen, where it belongs. `inlined`: the kernel has no such function of its own, and what it does was seen in its
   * caller. `missing`: not seen.
   */
  readonly seen: "called" | "inlined" | "missing";
  /** What speaks for it: the function that was seen, or what its caller did. Empty where it is missing. */
  readonly evidence: string;
}

export interface ChainFinding {
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly why: string;
  readonly steps: readonly ChainStep[];
  /** The functions that were seen, with their depth: the tree of calls that shows the most. Empty where there is none. */
  readonly observed: readonly ObservedCall[];
  /** Commits in the zone that were traced from begin to end, and those of them that show the whole chain. */
  readonly commits: number;
  readonly whole: number;
}

export interface ObservedCall {
  readonly depth: number;
  readonly function: string;
  readonly module: string | null;
  readonly notes: Readonly<Record<string, number>>;
}

/** In the kernel's headers, so that every caller has it in itself; the work is done by the second one. */
const WORKERS: Readonly<Record<string, string>> = {
  nf_conntrack_confirm: "__nf_conntrack_confirm",
};

/** The paper's figure 11: a packet that was looked up before is committed. */
export function expectedChain(zone: number): readonly KernelCall[] {
  return kernelCalls({
    zone,
    commit: true,
    nat: false,
    fragment: false,
    seenBefore: true,
    forced: false,
    invalid: false,
    mark: false,
    label: false,
    outcome: "committed",
  });
}

/** Set what was traced beside the figure. `symbols`: what the kernel that was traced knows of each function. */
export function findChain(
  graph: FunctionGraph,
  symbols: ReadonlyMap<string, Visibility>,
  zone: number,
): ChainFinding {
  const chain = expectedChain(zone);
  const roots = graph.roots.flatMap((root) => callsOf(root, "do_execute_actions"));
  const commits = roots.flatMap((root) => {
    const committing = root.calls.filter(
      ({ function: name, notes, isWhole }) =>
        name === "ovs_ct_execute" && isWhole && notes.zone === zone && notes.commit === 1,
    );
    return committing.map((call) => ({ ...root, calls: [call] }));
  });
  const judged = commits.map((commit) => ({ commit, steps: stepsOf(commit, chain, symbols) }));
  const missing = (steps: readonly ChainStep[]) =>
    steps.filter(({ seen }) => seen === "missing").length;
  const best = judged.toSorted((a, b) => missing(a.steps) - missing(b.steps))[0];
  const finding = {
    steps:
      best?.steps ?? chain.map((step) => ({ ...step, seen: "missing" as const, evidence: "" })),
    observed: best === undefined ? [] : flat(best.commit),
    commits: commits.length,
    whole: judged.filter(({ steps }) => missing(steps) === 0).length,
  };
  return { ...finding, ...verdictOf(finding, symbols) };
}

function verdictOf(
  { steps, commits, whole }: Pick<ChainFinding, "steps" | "commits" | "whole">,
  symbols: ReadonlyMap<string, Visibility>,
): Pick<ChainFinding, "verdict" | "why"> {
  if (commits === 0) return { verdict: "inconclusive", why: "no commit of the replay was traced" };
  if (whole > 0) {
    const inlined = steps.filter(({ seen }) => seen === "inlined").map((step) => step.function);
    const but = inlined.length === 0 ? "" : `; ${inlined.join(", ")} inlined by the compiler`;
    return { verdict: "pass", why: `the whole chain, in ${whole} of ${commits} commits${but}` };
  }
  const lacking = steps.filter(({ seen }) => seen === "missing").map((step) => step.function);
  const untraceable = lacking.filter((name) => symbols.get(name) === "symbol");
  return untraceable.length === lacking.length
    ? { verdict: "inconclusive", why: `${lacking.join(", ")}: the tracer may not see it` }
    : { verdict: "fail", why: `${lacking.join(", ")} not called in any of ${commits} commits` };
}

/** Walk the chain down the calls of one commit, in the order of the figure. */
function stepsOf(
  commit: TracedCall,
  chain: readonly KernelCall[],
  symbols: ReadonlyMap<string, Visibility>,
): ChainStep[] {
  const observed = flat(commit);
  let at = 0;
  return chain.map((step): ChainStep => {
    const { function: name } = step;
    const find = (wanted: string) => {
      const index = observed.findIndex((call, i) => i >= at && call.function === wanted);
      if (index >= 0) at = index + 1;
      return observed[index];
    };
    if (find(name) !== undefined) return { ...step, seen: "called", evidence: name };
    if (symbols.get(name) !== "none") return { ...step, seen: "missing", evidence: "" };
    const worker = WORKERS[name];
    if (worker !== undefined) {
      return find(worker) === undefined
        ? { ...step, seen: "missing", evidence: "" }
        : { ...step, seen: "inlined", evidence: `no such symbol; its work is done by ${worker}` };
    }
    // Only ovs_ct_commit is left: ovs_ct_execute calls it where the action has `commit`, and ovs_ct_lookup where not.
    return { ...step, seen: "inlined", evidence: "no such symbol; its caller was told to commit" };
  });
}

/** Every call of a function, whoever made it. */
function callsOf(call: TracedCall, name: string): TracedCall[] {
  const own = call.function === name ? [call] : [];
  return [...own, ...call.calls.flatMap((inner) => callsOf(inner, name))];
}

function flat(call: TracedCall, depth = 0): ObservedCall[] {
  const { function: name, module, notes } = call;
  return [
    { depth, function: name, module, notes },
    ...call.calls.flatMap((inner) => flat(inner, depth + 1)),
  ];
}
