import test from "ava";
import { parseFunctionGraph, type TracedCall } from "./function-graph.ts";

const HEAD = `# tracer: function_graph
#
# CPU  TASK/PID         DURATION                  FUNCTION CALLS
# |     |    |           |   |                     |   |   |   |
`;

const shape = ({ function: name, calls }: TracedCall): unknown =>
  calls.length === 0 ? name : [name, ...calls.map(shape)];

test("calls are nested by their begins and ends", (t) => {
  const { roots, unread, unopened } = parseFunctionGraph(`${HEAD}
 0)   bot-7   |               |  outer [openvswitch]() {
 0)   bot-7   |   1.250 us    |    first [nf_conntrack]();
 0)   bot-7   | + 12.500 us   |    second();
 0)   bot-7   | ! 120.500 us  |  } /* outer [openvswitch] */
`);
  t.deepEqual(roots.map(shape), [["outer", "first", "second"]]);
  t.is(roots[0]?.module, "openvswitch");
  t.is(roots[0]?.calls[1]?.module, null);
  t.is(roots[0]?.task, "bot-7");
  t.true(roots[0]?.isWhole);
  t.deepEqual({ unread, unopened }, { unread: 0, unopened: 0 });
});

test("tasks on two processors are told apart, and one that changes processors stays one", (t) => {
  const { roots } = parseFunctionGraph(`
 0)   a-1    |               |  f() {
 1)   b-2    |               |  g() {
 0)   a-1    |   1.0 us      |    h();
 1)   a-1    |   9.0 us      |  } /* f */
 1)   b-2    |   1.0 us      |  } /* g */
 0)   <idle>-0    |               |  i() {
 1)   <idle>-0    |   1.0 us      |  j();
 0)   <idle>-0    |   1.0 us      |  } /* i */
 ------------------------------------------
 0)   <idle>-0    =>    a-1
 ------------------------------------------
`);
  t.deepEqual(roots.map(shape), [["f", "h"], "g", "i", "j"]);
  t.true(roots.every(({ isWhole }) => isWhole));
});

test("a probe's note belongs to the call at whose entrance it was made", (t) => {
  const note = "/* ct: (f+0x0/0x710 [openvswitch]) zone=2 commit=1 */";
  for (const lines of [
    [`${note}`, "f [openvswitch]() {"],
    ["f [openvswitch]() {", `  ${note}`],
  ]) {
    const text = [...lines, "}"]
      .map((what) => ` 0)   a-1    |               |  ${what}`)
      .join("\n");
    const { roots, unread } = parseFunctionGraph(text);
    t.deepEqual(roots[0]?.notes, { zone: 2, commit: 1 });
    t.is(unread, 0);
  }
});

test("a trace that was switched on and off in the middle of calls is read as far as it goes", (t) => {
  const { roots, unread, unopened } = parseFunctionGraph(`
 0)   a-1    |   1.0 us      |    } /* inner */
 0)   a-1    |   1.0 us      |  } /* outer */
 0)   a-1    |               |  f() {
 0)   a-1    |               |    g() {
what is this
`);
  t.deepEqual(roots.map(shape), [["f", "g"]]);
  t.false(roots[0]?.isWhole);
  t.is(unopened, 2);
  t.is(unread, 1);
});
