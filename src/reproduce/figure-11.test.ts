import { readFile } from "node:fs/promises";
import test from "ava";
import { findChain, type Visibility } from "./figure-11.ts";
import { parseFunctionGraph } from "./function-graph.ts";

const ZONE = 2;

/** A trace of one task from names with their depth as indentation. */
function graph(lines: readonly string[]) {
  const depth = (line: string) => line.length - line.trimStart().length;
  const text: string[] = [];
  const open: string[] = [];
  const print = (what: string) => text.push(` 0)   a-1    |               |  ${what}`);
  const close = (down: number) => {
    while (open.length > down) print(`} /* ${open.pop()} */`);
  };
  for (const line of lines) {
    const [name = "", note] = line.trim().split(" ");
    close(depth(line));
    print(`${name}() {`);
    open.push(name);
    if (note !== undefined)
      print(`/* ct: (${name}+0x0/0x7 [openvswitch]) ${note.replace(",", " ")} */`);
  }
  close(0);
  return parseFunctionGraph(text.join("\n"));
}

const NAMES = [
  ...["do_execute_actions", "ovs_ct_execute", "ovs_ct_commit", "__ovs_ct_lookup"],
  ...["nf_conntrack_confirm", "__nf_conntrack_confirm"],
];

function symbols(others: Readonly<Record<string, Visibility>> = {}): Map<string, Visibility> {
  return new Map(NAMES.map((name) => [name, others[name] ?? "traced"]));
}

/** As the compiler makes a present kernel. */
const INLINED = symbols({ ovs_ct_commit: "none", nf_conntrack_confirm: "none" });
const COMMIT = [
  "do_execute_actions",
  " ovs_ct_execute zone=2,commit=1",
  "  __ovs_ct_lookup",
  "  __nf_conntrack_confirm",
];

test("a kernel that has every function of the figure shows it as it is", (t) => {
  const calls = [
    "do_execute_actions",
    " ovs_ct_execute zone=2,commit=1",
    "  ovs_ct_commit",
    "   __ovs_ct_lookup",
    "   nf_conntrack_confirm",
  ];
  const found = findChain(graph(calls), symbols(), ZONE);
  t.is(found.verdict, "pass");
  t.is(found.why, "the whole chain, in 1 of 1 commits");
  t.true(
    found.steps.every(
      ({ seen, evidence, function: name }) => seen === "called" && evidence === name,
    ),
  );
});

test("what the compiler has inlined is said to be so, and why it is known to have run", (t) => {
  const found = findChain(graph(COMMIT), INLINED, ZONE);
  t.is(found.verdict, "pass");
  t.is(
    found.why,
    "the whole chain, in 1 of 1 commits; ovs_ct_commit, nf_conntrack_confirm inlined by the compiler",
  );
  t.deepEqual(
    found.steps.map(({ seen }) => seen),
    ["called", "called", "inlined", "called", "inlined"],
  );
  t.deepEqual(
    found.observed.map((call) => `${call.depth} ${call.function}`),
    ["0 do_execute_actions", "1 ovs_ct_execute", "2 __ovs_ct_lookup", "2 __nf_conntrack_confirm"],
  );
});

const verdict = test.macro<
  [name: string, calls: readonly string[], known: ReadonlyMap<string, Visibility>, why: RegExp]
>({
  exec(t, name, calls, known, why) {
    const found = findChain(graph(calls), known, ZONE);
    t.is(found.verdict, name.startsWith("no verdict") ? "inconclusive" : "fail");
    t.regex(found.why, why);
  },
  title: (_, name) => name,
});

test(verdict, "no verdict without a commit", [], INLINED, /no commit/);
test(
  verdict,
  "no verdict from a commit in another zone",
  COMMIT.map((line) => line.replace("zone=2", "zone=1")),
  INLINED,
  /no commit/,
);
test(
  verdict,
  "no verdict from a look-up without commit",
  COMMIT.map((line) => line.replace("commit=1", "commit=0")),
  INLINED,
  /no commit/,
);
test(
  verdict,
  "no verdict where the tracer may not see a function",
  COMMIT.filter((line) => !line.includes("lookup")),
  symbols({ ovs_ct_commit: "none", nf_conntrack_confirm: "none", __ovs_ct_lookup: "symbol" }),
  /the tracer may not see it/,
);
test(
  verdict,
  "a function that could be seen and was not called refutes the figure",
  COMMIT.filter((line) => !line.includes("lookup")),
  INLINED,
  /^__ovs_ct_lookup not called in any of 1 commits/,
);
test(
  verdict,
  "the other order refutes the figure",
  [...COMMIT.slice(0, 2), ...COMMIT.slice(2).reverse()],
  INLINED,
  /^nf_conntrack_confirm not called/,
);
test(
  verdict,
  "an inlined function whose work nobody did is missing",
  COMMIT.slice(0, 3),
  INLINED,
  /^nf_conntrack_confirm not called/,
);

test("of many commits the one that shows the most is shown", (t) => {
  const found = findChain(graph([...COMMIT.slice(0, 3), ...COMMIT]), INLINED, ZONE);
  t.is(found.verdict, "pass");
  t.is(found.commits, 2);
  t.is(found.whole, 1);
  t.is(found.observed.length, 4);
});

// Recorded from Linux 6.1.0-56-cloud-amd64 with Open vSwitch 3.1.0 on its system datapath: the first packet of a TCP
// connection through `ct(zone=2,table=1)` and then `ct(commit,zone=2,exec(set_field:0x8->ct_mark))`.
test("a real kernel's trace shows the figure", async (t) => {
  const text = await readFile(new URL("commit.trace.txt", import.meta.url), "utf8");
  const trace = parseFunctionGraph(text);
  t.is(trace.unread, 0);
  t.is(trace.unopened, 0);
  const found = findChain(trace, INLINED, ZONE);
  t.is(found.verdict, "pass", found.why);
  t.is(found.commits, 1);
  t.deepEqual(
    found.steps.map((step) => `${step.function}: ${step.seen}`),
    [
      "do_execute_actions: called",
      "ovs_ct_execute: called",
      "ovs_ct_commit: inlined",
      "__ovs_ct_lookup: called",
      "nf_conntrack_confirm: inlined",
    ],
  );
  t.deepEqual(
    found.observed.map((call) => `${call.depth} ${call.function}`),
    [
      "0 do_execute_actions",
      "1 ovs_ct_execute",
      "2 __ovs_ct_lookup",
      "3 nf_conntrack_in",
      "2 __nf_conntrack_confirm",
    ],
  );
});
