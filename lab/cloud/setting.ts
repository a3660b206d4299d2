import { hostname } from "node:os";
import { z } from "zod";
import type { BridgeName, Plan } from "../../src/run/plan.ts";
import { standInImage } from "../stand-in/image.ts";
import type { CloudApi } from "./api.ts";
import { CloudError } from "./cloud-error.ts";
import type { Resources } from "./resources.ts";
import { isServer, type Networks } from "./side-hosts.ts";

/** A stand-in guest's disk that was built already. */
export const IMAGE_VARIABLE = "ISOREPLAY_GUEST_IMAGE";
/** Node takes 60 MB of it. */
const GUEST_MEBIBYTES = 256;

/** What a run needs in its cloud before anything is plugged in. */
export interface Setting {
  /** The compute host whose integration bridge this is. */
  readonly host: string;
  readonly networks: Networks;
  readonly flavor: string;
  /** By the plan's host name: its port in Neutron, and a volume with the stand-in guest. */
  readonly servers: ReadonlyMap<string, { readonly port: string; readonly volume: string }>;
}

/**
 * Make networks, ports and volumes. The port of an instance that will be isolated lets nothing through by itself: what it may do
 * is for the run's own rules to say, and where they are missing Neutron's say no.
 */
export async function makeSetting(resources: Resources, plan: Plan): Promise<Setting> {
  const { api } = resources;
  const file = process.env[IMAGE_VARIABLE];
  const built = file === undefined ? standInImage() : Promise.resolve(file);
  const image = built.then((disk) => resources.image("stand-in", disk));
  // It is awaited below; until then a failure must not count as unhandled.
  image.catch(() => {});
  const host = await computeHost(api);
  const networks = new Map<BridgeName, { id: string; mtu: number }>();
  for (const bridge of ["private", "isolation"] as const) {
    const network = await resources.network(bridge);
    await resources.subnet(bridge, network.id, subnetOf(plan, bridge));
    networks.set(bridge, network);
  }
  const groups = new Map<BridgeName, string>();
  for (const bridge of ["private", "isolation"] as const)
    groups.set(bridge, await resources.securityGroup(bridge, bridge === "private"));
  const flavor = await resources.flavor("guest", GUEST_MEBIBYTES);
  const hosts = plan.hosts.filter(isServer);
  const ports = await resources.ports(
    hosts.map(({ name, bridge, mac, address }) => ({
      name,
      network: networks.get(bridge)?.id ?? "",
      mac,
      address,
      securityGroup: groups.get(bridge) ?? null,
      host: null,
    })),
  );
  const from = await image;
  const volumes = await Promise.all(hosts.map(({ name }) => resources.volume(name, from)));
  const servers = hosts.map(
    ({ name }, i) => [name, { port: ports[i] ?? "", volume: volumes[i] ?? "" }] as const,
  );
  return { host, networks, flavor, servers: new Map(servers) };
}

const agentsSchema = z.object({
  agents: z.array(z.object({ host: z.string(), agent_type: z.string(), alive: z.boolean() })),
});

/** The compute host that we are on: the one of this name, or the only one. */
async function computeHost(api: CloudApi): Promise<string> {
  const { agents } = await api.get("network", "/agents", agentsSchema);
  const hosts = agents
    .filter(({ agent_type, alive }) => agent_type === "Open vSwitch agent" && alive)
    .map(({ host }) => host);
  const [only] = hosts;
  const own = hosts.find((host) => host === hostname());
  if (own !== undefined) return own;
  if (only !== undefined && hosts.length === 1) return only;
  throw new CloudError(
    "absent",
    hosts.length === 0
      ? "no Open vSwitch agent of Neutron is alive"
      : `none of the compute hosts ${hosts.join(", ")} is this machine`,
    { mend: "run it on the compute host, whose integration bridge it needs" },
  );
}

function subnetOf(plan: Plan, bridge: BridgeName): string {
  const host = plan.hosts.find((one) => one.bridge === bridge);
  if (host === undefined) throw new RangeError(`nobody is on ${bridge}`);
  const { address, prefixLength } = host;
  const number = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const first = Math.floor(number / 2 ** (32 - prefixLength)) * 2 ** (32 - prefixLength);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${prefixLength}`;
}
