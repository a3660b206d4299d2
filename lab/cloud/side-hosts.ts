import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../src/base/command.ts";
import type { BridgeName, HostPlan, Plan } from "../../src/run/plan.ts";
import type { Capsule, HostPlace, HostSpec } from "../mininet/capsule.ts";
import { hostSpec, ROUTER, routerSpec } from "../mininet/host-specs.ts";
import { OpenVSwitch } from "../mininet/ovs.ts";
import { quiet } from "./analysis-port.ts";
import type { CloudFolder } from "./cloud-folder.ts";
import type { HostSwitch } from "./host-switch.ts";
import { INTEGRATION_BRIDGE } from "./integration-bridge.ts";
import type { Resources } from "./resources.ts";
import { waitFor } from "./wait.ts";

const BRIDGES: readonly BridgeName[] = ["private", "isolation", "outside"];
/** What the internet does: it forwards. */
const OUTSIDE_RULES = "table=0,priority=0,actions=normal\n";
/** Neutron's agent looks every other second for what was plugged in. */
const WIRED_MS_MAX = 90_000;
/** The VLAN of what the agent has given up. */
const DEAD_VLAN = 4095;

/** The networks of a run, as Neutron has them. */
export type Networks = ReadonlyMap<BridgeName, { readonly id: string; readonly mtu: number }>;

export interface SideHostsOptions {
  readonly plan: Plan;
  readonly capsule: Capsule;
  readonly folder: CloudFolder;
  readonly resources: Resources;
  readonly hostSwitch: HostSwitch;
  readonly networks: Networks;
  /** The compute host, as Neutron calls it. */
  readonly host: string;
}

/** A cable from a host to the integration bridge. */
interface Cable {
  readonly bridge: BridgeName;
  readonly host: string;
  /** The plan's port number. */
  readonly port: number;
  readonly mac: string;
  readonly address: string;
  readonly peer: string;
  /** What it is called in the switch's network. */
  readonly name: string;
}

/**
 * The hosts that are no servers: clients, trainers, everything outside, and the router. Each is a network namespace of the
 * run's capsule, plugged in to the integration bridge by a port that Neutron knows, as a server would be.
 */
export class SideHosts {
  readonly places: ReadonlyMap<string, HostPlace>;
  readonly #cables: readonly Cable[];
  readonly #ofports: ReadonlyMap<string, number>;

  private constructor(
    places: ReadonlyMap<string, HostPlace>,
    cables: readonly Cable[],
    ofports: ReadonlyMap<string, number>,
  ) {
    this.places = places;
    this.#cables = cables;
    this.#ofports = ofports;
  }

  static async plugIn(options: SideHostsOptions): Promise<SideHosts> {
    const { plan, capsule, folder, networks, hostSwitch } = options;
    const rundir = join(folder.path, "ovs");
    await mkdir(rundir);
    const ovs = await OpenVSwitch.start(capsule, rundir);
    const specs = [...plan.hosts.map(hostSpec), routerSpec(plan)];
    for (const { name } of specs) folder.journal.add({ kind: "host", name });
    // They are made with a switch of their own, as in the Mininet lab; it keeps those that are outside.
    const hosts = await capsule.build({ rundir, datapath: "user", bridges: BRIDGES, hosts: specs });
    await ovs.replaceFlows("outside", OUTSIDE_RULES);
    const places = new Map(hosts.map((place) => [place.name, place]));
    const cables = cablesOf(specs, places, folder.label);
    await ovs.configure(...cables.flatMap(({ peer }) => ["--", "del-port", peer]));
    await takeOut(capsule, cables, places, networks);
    const ports = await neutronPorts(options, cables);
    for (const { name } of cables) folder.journal.add({ kind: "cable", name });
    await hostSwitch.vsctl(
      ...cables.flatMap(({ name, mac }, i) => [
        ...["--", "add-port", INTEGRATION_BRIDGE, name, "--", "set", "Interface", name],
        ...[`external_ids:iface-id=${ports[i]}`, `external_ids:attached-mac="${mac}"`],
        "external_ids:iface-status=active",
      ]),
    );
    const names = cables.map(({ name }) => name);
    const ofports = await waitFor({
      what: "Neutron's agent to wire the hosts",
      deadlineMs: WIRED_MS_MAX,
      look: async () => {
        const wired = await hostSwitch.wired(DEAD_VLAN);
        const missing = names.filter((name) => !wired.has(name));
        return missing.length === 0 ? { value: wired } : { now: `${missing.length} short` };
      },
    });
    return new SideHosts(places, cables, ofports);
  }

  /** By the plan's port number, the integration bridge's. */
  ports(bridge: BridgeName): Map<number, number> {
    return new Map(
      this.#cables
        .filter((cable) => cable.bridge === bridge)
        .map(({ port, name }) => [port, this.#ofports.get(name) ?? 0]),
    );
  }

  /** The switch's end of a host's cable. */
  cable(host: string): string {
    return this.#cables.find((cable) => cable.host === host)?.name ?? "";
  }

  /** The switch's end of the router's cable to `private`. */
  get uplink(): string {
    return this.cable(ROUTER);
  }
}

function cablesOf(
  specs: readonly HostSpec[],
  places: ReadonlyMap<string, HostPlace>,
  label: string,
): Cable[] {
  const links = specs.flatMap(({ name, links }) =>
    links.map((link, index) => ({ host: name, link, peer: places.get(name)?.peers[index] ?? "" })),
  );
  return links
    .filter(({ link }) => link.bridge !== "outside")
    .map(({ host, link, peer }, index) => ({
      host,
      bridge: link.bridge as BridgeName,
      port: link.port,
      mac: link.mac,
      address: link.address.split("/")[0] ?? "",
      peer,
      name: `ir${label}-${index + 1}`,
    }));
}

/** The switch's ends come to the network in which the compute host's switch is: ours. */
async function takeOut(
  capsule: Capsule,
  cables: readonly Cable[],
  places: ReadonlyMap<string, HostPlace>,
  networks: Networks,
): Promise<void> {
  const mtus = cables.map(({ host, bridge, peer }) => {
    const place = places.get(host);
    const inner = place?.interfaces[place.peers.indexOf(peer)] ?? "";
    const mtu = networks.get(bridge)?.mtu;
    return `nsenter --target ${place?.pid} --net -- ip link set ${inner} mtu ${mtu}`;
  });
  await capsule.run(["sh", "-ec", mtus.join("\n")]);
  const moves = cables.flatMap(({ peer, name }) => [
    `ip link set ${peer} down`,
    `ip link set ${peer} name ${name}`,
    `ip link set ${name} netns ${process.pid}`,
  ]);
  const inside = ["--target", capsule.pid, "--net", "--", "sh", "-ec", moves.join("\n")];
  await runCommand("nsenter", inside);
  const ups = cables.flatMap(({ name, bridge }) => [
    `ip link set ${name} mtu ${networks.get(bridge)?.mtu}`,
    quiet(name),
  ]);
  await runCommand("sh", ["-ec", ups.join("\n")]);
}

function neutronPorts(options: SideHostsOptions, cables: readonly Cable[]): Promise<string[]> {
  const { resources, networks, host } = options;
  return resources.ports(
    cables.map(({ host: name, bridge, mac, address }) => ({
      name: `${name}-${bridge}`,
      network: networks.get(bridge)?.id ?? "",
      mac,
      address,
      securityGroup: null,
      host,
    })),
  );
}

/** Whether a host of the plan is a server of the cloud. */
export function isServer({ role, moves }: HostPlan): boolean {
  return role === "isolation-instance" || moves === true;
}
