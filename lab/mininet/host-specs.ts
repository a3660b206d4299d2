import type { HostPlan, Plan } from "../../src/run/plan.ts";
import type { HostSpec } from "./capsule.ts";

/** What the network calls the router. */
export const ROUTER = "router";

export function hostSpec({
  name,
  bridge,
  port,
  mac,
  address,
  prefixLength,
  gateway,
}: HostPlan): HostSpec {
  return {
    name,
    links: [{ bridge, port, mac, address: `${address}/${prefixLength}` }],
    gateway,
    forwards: false,
  };
}

export function routerSpec({ router }: Plan): HostSpec {
  return {
    name: ROUTER,
    links: router.map(({ bridge, port, mac, address, prefixLength }) => ({
      bridge,
      port,
      mac,
      address: `${address}/${prefixLength}`,
    })),
    gateway: null,
    forwards: true,
  };
}
