import type { Plan } from "./plan.ts";
import type { TopologyLink, TopologyNode, TopologyResult } from "./results.ts";

const ROUTER = "router";

/**
 * The lab's network before and after isolation, for the report. `moved`: each judged instance and the isolation
 * instance that got its volume.
 */
export function topologyOf(
  plan: Plan,
  moved: readonly { readonly instance: string; readonly target: string }[],
): TopologyResult {
  const bridges = [
    ...new Set([
      ...plan.router.map((port) => port.bridge),
      ...plan.hosts.map((host) => host.bridge),
      "isolation" as const,
    ]),
  ];
  // Where a host gives the answers it is the replayer; else the replayer is a port of the switch.
  const responder = plan.hosts.find(({ role }) => role === "responder");
  const hosts = plan.hosts.filter((host) => host !== responder);
  const replayer = responder?.name ?? plan.replayer.name;
  const nodes: TopologyNode[] = [
    ...bridges.map((name) => ({
      name,
      kind: "bridge" as const,
      role: "bridge",
      bridge: null,
      address: null,
    })),
    ...hosts.map((host) => ({
      name: host.name,
      kind: "host" as const,
      role: host.role,
      bridge: host.bridge,
      address: host.address,
    })),
    { name: ROUTER, kind: "router", role: "router", bridge: null, address: null },
    {
      name: replayer,
      kind: "replayer",
      role: "replayer",
      bridge: "isolation",
      address: responder?.address ?? null,
    },
  ];
  const routed = plan.router.map(
    (port): TopologyLink => ({ from: ROUTER, to: port.bridge, state: "up" }),
  );
  const cutFrom = new Set(moved.map((move) => move.instance));
  const booted = new Set(moved.map((move) => move.target));
  const links = (isolated: boolean): TopologyLink[] => [
    ...routed,
    ...hosts.map((host): TopologyLink => {
      // On isolation the rules drop everything but what runs between a booted instance and the replayer.
      const served = isolated && booted.has(host.name);
      const cut = host.bridge === "isolation" ? !served : isolated && cutFrom.has(host.name);
      return { from: host.name, to: host.bridge, state: cut ? "cut" : served ? "replay" : "up" };
    }),
    {
      from: replayer,
      to: "isolation",
      state: isolated && moved.length > 0 ? "replay" : "cut",
    },
  ];
  return {
    nodes,
    before: links(false),
    after: [
      ...links(true),
      ...moved.map((m): TopologyLink => ({ from: m.instance, to: m.target, state: "move" })),
    ],
  };
}
