/** A call of a kernel function, as ftrace's function_graph tracer saw it. */
export interface TracedCall {
  readonly function: string;
  /** null: it belongs to the kernel itself. */
  readonly module: string | null;
  /** Name and number of the task. */
  readonly task: string;
  /** What a probe noted at its entrance. */
  readonly notes: Readonly<Record<string, number>>;
  readonly calls: readonly TracedCall[];
  /** Its end was seen, too. */
  readonly isWhole: boolean;
}

export interface FunctionGraph {
  /** Calls that no other traced function made, in the order of their ends. */
  readonly roots: readonly TracedCall[];
  /** Lines that were not understood. */
  readonly unread: number;
  /** Ends of calls whose beginning is not in the trace, because it was switched on later. */
  readonly unopened: number;
}

interface OpenCall extends TracedCall {
  notes: Record<string, number>;
  calls: OpenCall[];
  isWhole: boolean;
}

/** ` 1)  ovs-vsw-325   |   1.5 us   |    ovs_ct_execute [openvswitch]() {` */
const LINE = /^\s*(\d+)\)\s+(.+?-(\d+))\s+\|[^|]*\|\s+(.*)$/;
const BEGIN = /^([\w.]+)(?: \[(\w+)\])?\(\) \{$/;
const LEAF = /^([\w.]+)(?: \[(\w+)\])?\(\);$/;
const END = /^\}(?: \/\* ([\w.]+)(?: \[\w+\])? \*\/)?$/;
/** `/* ct: (ovs_ct_execute+0x0/0x710 [openvswitch]) zone=2 commit=1 *\/`: a probe's note. */
const NOTE = /^\/\* \w+: \(([\w.]+)\+0x0\/0x[0-9a-f]+(?: \[\w+\])?\) (.*) \*\/$/;
/** Comments, rules, and the change from one task to another. */
const NOISE = /^\s*(?:#.*|-+|\d+\)\s+.*=>.*)?$/;

/**
 * Read the text of `trace` with the options funcgraph-proc and funcgraph-tail. Calls of a task are nested by their begins and
 * ends; the tasks of all processors stand mixed. Pure; never throws: what it cannot read it counts.
 */
export function parseFunctionGraph(text: string): FunctionGraph {
  const stacks = new Map<string, OpenCall[]>();
  const waiting = new Map<string, { of: string; notes: Record<string, number> }>();
  const roots: OpenCall[] = [];
  let unread = 0;
  let unopened = 0;
  for (const line of text.split("\n")) {
    if (NOISE.test(line)) continue;
    const [, cpu, task, number, what] = LINE.exec(line) ?? [];
    if (cpu === undefined || task === undefined || what === undefined) {
      unread++;
      continue;
    }
    // Every processor has an idle task of its own, and all of them have the number 0.
    const key = number === "0" ? `${cpu}/0` : `${number}`;
    const stack = stacks.get(key) ?? [];
    stacks.set(key, stack);
    const place = stack.at(-1)?.calls ?? roots;
    const note = NOTE.exec(what);
    if (note !== null) {
      const [, of = "", said = ""] = note;
      const top = stack.at(-1);
      // The probe may come before the tracer or after it.
      if (top?.function === of && top.calls.length === 0) Object.assign(top.notes, numbers(said));
      else waiting.set(key, { of, notes: numbers(said) });
      continue;
    }
    const entered = BEGIN.exec(what) ?? LEAF.exec(what);
    if (entered !== null) {
      const [, name = "", module = null] = entered;
      const early = waiting.get(key);
      const notes = early?.of === name ? early.notes : {};
      waiting.delete(key);
      const isWhole = what.endsWith(";");
      const call = { function: name, module, task, notes, calls: [], isWhole };
      if (isWhole) place.push(call);
      else {
        place.push(call);
        stack.push(call);
      }
      continue;
    }
    const ended = END.exec(what);
    if (ended === null) unread++;
    else if (stack.length === 0 || (ended[1] ?? stack.at(-1)?.function) !== stack.at(-1)?.function)
      unopened++;
    else {
      const call = stack.pop();
      if (call !== undefined) call.isWhole = true;
    }
  }
  return { roots, unread, unopened };
}

/** `zone=2 commit=1` */
function numbers(said: string): Record<string, number> {
  return Object.fromEntries(
    [...said.matchAll(/(\w+)=(-?\d+|0x[0-9a-f]+)\b/g)].map(([, name = "", value]) => [
      name,
      Number(value),
    ]),
  );
}
