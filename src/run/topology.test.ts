import test from "ava";
import type { HostPlan, Plan } from "./plan.ts";
import { topologyOf } from "./topology.ts";

const host = (name: string, role: HostPlan["role"], bridge: HostPlan["bridge"]) =>
  ({ name, role, bridge, address: "10.0.0.1" }) as HostPlan;

const plan = {
  name: "p",
  hosts: [
    host("bot-1", "instance", "private"),
    host("bot-2", "instance", "private"),
    host("iso-1", "isolation-instance", "isolation"),
    host("iso-2", "isolation-instance", "isolation"),
    host("outlet", "outlet", "isolation"),
    host("cnc", "server", "outside"),
  ],
  router: [{ bridge: "private" }, { bridge: "outside" }],
  replayer: { name: "replayer" },
} as unknown as Plan;

const state = (links: { from: string; to: string; state: string }[], from: string) =>
  links.find((link) => link.from === from)?.state;

test("isolation is cut off before, and after it only the moved instance and the replayer speak", (t) => {
  const { before, after } = topologyOf(plan, [{ instance: "bot-1", target: "iso-1" }]);
  t.deepEqual(
    ["bot-1", "bot-2", "iso-1", "iso-2", "outlet", "replayer", "cnc"].map((name) =>
      state(before, name),
    ),
    ["up", "up", "cut", "cut", "cut", "cut", "up"],
  );
  t.deepEqual(
    ["bot-1", "bot-2", "iso-1", "iso-2", "outlet", "replayer", "cnc"].map((name) =>
      state(after, name),
    ),
    ["cut", "up", "replay", "cut", "cut", "replay", "up"],
  );
  t.true(after.some((l) => l.from === "bot-1" && l.to === "iso-1" && l.state === "move"));
});

test("a host that gives the answers is the replayer", (t) => {
  const { hosts } = plan;
  const answered = { ...plan, hosts: [...hosts, host("responder", "responder", "isolation")] };
  const { nodes, after } = topologyOf(answered, [{ instance: "bot-1", target: "iso-1" }]);
  t.deepEqual(
    nodes.filter(({ kind }) => kind === "replayer").map(({ name, address }) => [name, address]),
    [["responder", "10.0.0.1"]],
  );
  t.is(state(after, "responder"), "replay");
});

test("without a verdict nothing changes", (t) => {
  const { before, after } = topologyOf(plan, []);
  t.deepEqual(before, after);
});
