import test from "ava";
import { type CtCircumstances, kernelCalls, kernelLine } from "./kernel.ts";

const LOOKUP: CtCircumstances = {
  zone: 1,
  commit: false,
  nat: false,
  fragment: false,
  seenBefore: false,
  forced: false,
  invalid: false,
  mark: false,
  label: false,
  outcome: "none",
};

const chain = test.macro<[name: string, circumstances: Partial<CtCircumstances>, line: string]>({
  exec(t, _, circumstances, line) {
    t.is(
      kernelLine(kernelCalls({ ...LOOKUP, ...circumstances })),
      `do_execute_actions → ovs_ct_execute → ${line}`,
    );
  },
  title: (_, name) => `the kernel's functions for ${name}`,
});

test(chain, "a look-up", {}, "ovs_ct_lookup → __ovs_ct_lookup → nf_conntrack_in");
test(
  chain,
  "a commit after a look-up, as in the paper's figure 11",
  { commit: true, seenBefore: true, outcome: "committed" },
  "ovs_ct_commit → __ovs_ct_lookup → nf_conntrack_confirm",
);
test(
  chain,
  "a commit of a packet that was not looked up before",
  { commit: true, outcome: "committed" },
  "ovs_ct_commit → __ovs_ct_lookup → nf_conntrack_in → nf_conntrack_confirm",
);
test(
  chain,
  "a commit with mark and nat",
  { commit: true, seenBefore: true, outcome: "committed", nat: true, mark: true },
  "ovs_ct_commit → __ovs_ct_lookup → ovs_ct_nat → ovs_ct_set_mark → nf_conntrack_confirm",
);
test(
  chain,
  "a commit of an invalid packet, which confirms nothing",
  { commit: true, invalid: true, mark: true, nat: true },
  "ovs_ct_commit → __ovs_ct_lookup → nf_conntrack_in",
);
test(
  chain,
  "a fragment",
  { fragment: true },
  "handle_fragments → ovs_ct_lookup → __ovs_ct_lookup → nf_conntrack_in",
);
test(
  chain,
  "a forced commit of the other direction",
  { commit: true, seenBefore: true, forced: true, outcome: "committed" },
  "ovs_ct_commit → __ovs_ct_lookup → nf_ct_delete → nf_conntrack_in → nf_conntrack_confirm",
);

test("ovs_ct_commit calls the look-up and the confirmation, one after the other", (t) => {
  const calls = kernelCalls({ ...LOOKUP, commit: true, outcome: "committed" });
  const depth = (name: string) => calls.find((call) => call.function === name)?.depth;
  t.is(depth("ovs_ct_commit"), 2);
  t.is(depth("__ovs_ct_lookup"), 3);
  t.is(depth("nf_conntrack_in"), 4);
  t.is(depth("nf_conntrack_confirm"), 3);
});
