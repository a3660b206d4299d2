import test from "ava";
import { InputError } from "../base/errors.ts";
import { parseCase } from "./parse-case.ts";

const GOOD = {
  name: "one",
  ports: [{ no: 1, name: "p1" }],
  flows: "actions=drop\n",
  steps: [
    { op: "packet", in_port: 1, hex: "00aaFF", expect: [{ port: "LOCAL", hex: "" }] },
    { op: "packet_out", in_port: "p1", actions: "drop", hex: "", expect: [] },
    { op: "ct", expect: [] },
    { op: "dump_flows", expect: [] },
    { op: "ofctl", cmd: "del-flows", text: null },
    { op: "flush", args: "zone=1 ct_nw_src=10.0.0.1" },
    { op: "flush", via: "ofctl" },
    { op: "dpctl", cmd: "ct-set-maxconns", args: [5], expect: ["done"] },
    { op: "warp", ms: 5 },
  ],
};

test("every kind of step is read; arguments may be one text or numbers", (t) => {
  const { steps } = parseCase(JSON.stringify(GOOD), "one.json");
  t.is(steps.length, GOOD.steps.length);
  t.like(steps[5], { args: ["zone=1", "ct_nw_src=10.0.0.1"] });
  t.like(steps[7], { args: ["5"] });
});

const refused = test.macro<[change: object, line: string]>({
  exec: (t, change, line) => {
    const error = t.throws(() => parseCase(JSON.stringify({ ...GOOD, ...change }), "one.json"), {
      instanceOf: InputError,
    });
    t.is(error?.line, line);
  },
  title: (_, __, line) => line.slice(0, 90),
});

test(
  refused,
  { steps: [{ op: "ct", expect: [] }, { op: "pakcet" }] },
  'one.json, step 2 (pakcet): op: unknown step "pakcet"; valid are packet, packet_out, ct, dump_flows, ofctl, flush, dpctl, warp (nearest is "packet")',
);
test(
  refused,
  { steps: [{}] },
  "one.json, step 1: op: is missing; valid are packet, packet_out, ct, dump_flows, ofctl, flush, dpctl, warp",
);
test(
  refused,
  { steps: [{ op: "warp", ms: 1, seconds: 1 }] },
  'one.json, step 1 (warp): unknown field "seconds"',
);
test(
  refused,
  { steps: [{ op: "packet", in_port: 1, hex: "abc", expect: [] }] },
  "one.json, step 1 (packet): hex: must be hexadecimal, two digits for each byte",
);
test(
  refused,
  { steps: [{ op: "packet", in_port: 1, hex: "ab", expect: [{ port: 1 }] }] },
  "one.json, step 1 (packet): expect.0.hex: is missing, must be of type string",
);
test(refused, { flow: "" }, 'one.json: unknown field "flow"');
test(refused, { flows: 5 }, "one.json: flows: must be of type string");

test("what is no JSON is refused with the file", (t) => {
  t.throws(() => parseCase("{", "one.json"), { instanceOf: InputError, message: /is not JSON/ });
});
