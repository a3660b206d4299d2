import { CLIENT, PROXY, RESPONDER } from "./places.ts";

/** A learning switch. */
export const NORMAL_RULES = "table=0,priority=0,actions=normal\n";

/** The client reaches the proxy and nobody else, the proxy the client and the responder. */
export function proxyRules(): string {
  const between = [
    [CLIENT, PROXY],
    [PROXY, CLIENT],
    [PROXY, RESPONDER],
    [RESPONDER, PROXY],
  ] as const;
  const lines = between.flatMap(([from, to]) => [
    `table=0,priority=100,arp,in_port=${from.port},arp_tpa=${to.address},actions=output:${to.port}`,
    `table=0,priority=100,ip,in_port=${from.port},nw_dst=${to.address},actions=output:${to.port}`,
  ]);
  return `${[...lines, "table=0,priority=0,actions=drop"].join("\n")}\n`;
}
