import { openAsBlob } from "node:fs";
import { z } from "zod";
import type { JournalFile } from "../state/journal.ts";
import type { CloudApi } from "./api.ts";
import { imageIsActive, volumeIs } from "./states.ts";
import { waitFor } from "./wait.ts";

const made = z.object({ id: z.string() });
const GIBI = 1;

export interface PortSpec {
  readonly name: string;
  readonly network: string;
  readonly mac: string;
  readonly address: string;
  /** Neutron's own filter: a group for it, or none at all. */
  readonly securityGroup: string | null;
  /** The compute host that it is plugged in on; null leaves that to nova. */
  readonly host: string | null;
}

export interface ServerSpec {
  readonly name: string;
  readonly flavor: string;
  /** Boots from it, and leaves it behind when it is deleted. */
  readonly volume: string;
  readonly port: string;
  /** What the guest finds on its config drive. */
  readonly userData: string;
}

/**
 * Makes a run's things in a cloud. Each has the run's label in its name and where the service has room for it, and is in the
 * journal before it is made: `removeResources` finds it whenever the run ends.
 */
export class Resources {
  readonly api: CloudApi;
  readonly label: string;
  readonly #journal: JournalFile;

  constructor(api: CloudApi, label: string, journal: JournalFile) {
    this.api = api;
    this.label = label;
    this.#journal = journal;
  }

  /** The maximum size of what passes it comes with it. */
  async network(name: string): Promise<{ id: string; mtu: number }> {
    const network = this.#begin("network", name);
    const schema = z.object({ network: z.object({ id: z.string(), mtu: z.number() }) });
    const body = { network: { ...network, description: this.#mark } };
    return (await this.api.post("network", "/networks", body, schema)).network;
  }

  /** Without DHCP: guests are told their addresses. No gateway, no name server. */
  async subnet(name: string, network: string, cidr: string): Promise<string> {
    const subnet = this.#begin("subnet", name);
    const schema = z.object({ subnet: made });
    const body = {
      subnet: {
        ...subnet,
        description: this.#mark,
        network_id: network,
        cidr,
        ip_version: 4,
        gateway_ip: null,
        enable_dhcp: false,
      },
    };
    return (await this.api.post("network", "/subnets", body, schema)).subnet.id;
  }

  /** `letsThrough`: everything, both ways; or nothing at all. */
  async securityGroup(name: string, letsThrough: boolean): Promise<string> {
    const group = this.#begin("security-group", name);
    const rules = z.object({ id: z.string(), security_group_rules: z.array(made) });
    const schema = z.object({ security_group: rules });
    const body = { security_group: { ...group, description: this.#mark } };
    const { id, security_group_rules } = (
      await this.api.post("network", "/security-groups", body, schema)
    ).security_group;
    // Neutron begins with: out yes, in no.
    for (const rule of letsThrough ? [] : security_group_rules)
      await this.api.act("network", "DELETE", `/security-group-rules/${rule.id}`);
    if (letsThrough) {
      await this.api.act("network", "POST", "/security-group-rules", {
        security_group_rule: { security_group_id: id, direction: "ingress", ethertype: "IPv4" },
      });
    }
    return id;
  }

  /** Many at once: neutron takes a second for each request. Their numbers in the order of the specifications. */
  async ports(specs: readonly PortSpec[]): Promise<string[]> {
    const ports = specs.map(({ name, network, mac, address, securityGroup, host }) => ({
      ...this.#begin("port", name),
      description: this.#mark,
      network_id: network,
      mac_address: mac,
      fixed_ips: [{ ip_address: address }],
      port_security_enabled: securityGroup !== null,
      ...(securityGroup === null ? {} : { security_groups: [securityGroup] }),
      ...(host === null ? {} : { "binding:host_id": host, device_owner: "isoreplay:host" }),
    }));
    const schema = z.object({
      ports: z.array(z.object({ id: z.string(), mac_address: z.string() })),
    });
    const answer = await this.api.post("network", "/ports", { ports }, schema);
    const byMac = new Map(answer.ports.map(({ id, mac_address }) => [mac_address, id]));
    return specs.map(({ mac }) => byMac.get(mac) ?? "");
  }

  /** A raw disk image from a file. */
  async image(name: string, file: string): Promise<string> {
    const image = this.#begin("image", name);
    const body = {
      ...image,
      disk_format: "raw",
      container_format: "bare",
      visibility: "private",
      isoreplay: this.label,
    };
    const { id } = await this.api.post("image", "/images", body, made);
    await this.api.upload("image", `/images/${id}/file`, await openAsBlob(file));
    await waitFor(imageIsActive(this.api, id));
    return id;
  }

  /** A bootable volume with an image's content. */
  async volume(name: string, image: string): Promise<string> {
    const volume = this.#begin("volume", name);
    const body = {
      volume: { ...volume, size: GIBI, imageRef: image, metadata: { isoreplay: this.label } },
    };
    const { id } = (await this.api.post("volume", "/volumes", body, z.object({ volume: made })))
      .volume;
    await waitFor(volumeIs(this.api, id, "available"));
    return id;
  }

  /** An empty volume, which no guest boots from. */
  async dataVolume(name: string): Promise<string> {
    const volume = this.#begin("volume", name);
    const body = { volume: { ...volume, size: GIBI, metadata: { isoreplay: this.label } } };
    const { id } = (await this.api.post("volume", "/volumes", body, z.object({ volume: made })))
      .volume;
    await waitFor(volumeIs(this.api, id, "available"));
    return id;
  }

  /** A volume's content as an image: the snapshot of a migration. The volume is available. */
  async snapshot(name: string, volume: string): Promise<string> {
    const { name: image_name } = this.#begin("image", name);
    const upload = { image_name, disk_format: "raw", container_format: "bare", force: false };
    const schema = z.object({ "os-volume_upload_image": z.object({ image_id: z.string() }) });
    const answer = await this.api.post(
      "volume",
      `/volumes/${volume}/action`,
      { "os-volume_upload_image": upload },
      schema,
    );
    const id = answer["os-volume_upload_image"].image_id;
    await waitFor(imageIsActive(this.api, id));
    return id;
  }

  /** A size of machine. */
  async flavor(name: string, ramMebibytes: number): Promise<string> {
    const flavor = this.#begin("flavor", name);
    const body = {
      flavor: { ...flavor, ram: ramMebibytes, vcpus: 1, disk: 0, description: this.#mark },
    };
    return (await this.api.post("compute", "/flavors", body, z.object({ flavor: made }))).flavor.id;
  }

  /** Begun: it is not up yet. */
  async server({ name, flavor, volume, port, userData }: ServerSpec): Promise<string> {
    const server = this.#begin("server", name);
    const body = {
      server: {
        ...server,
        flavorRef: flavor,
        networks: [{ port }],
        block_device_mapping_v2: [
          {
            uuid: volume,
            source_type: "volume",
            destination_type: "volume",
            boot_index: 0,
            delete_on_termination: false,
          },
        ],
        config_drive: true,
        user_data: Buffer.from(userData).toString("base64"),
        metadata: { isoreplay: this.label },
      },
    };
    return (await this.api.post("compute", "/servers", body, z.object({ server: made }))).server.id;
  }

  get #mark(): string {
    return `isoreplay ${this.label}`;
  }

  #begin(kind: CloudResource, name: string): { readonly name: string } {
    const full = `isoreplay-${this.label}-${name}`;
    this.#journal.add({ kind, name: full });
    return { name: full };
  }
}

type CloudResource =
  | "network"
  | "subnet"
  | "port"
  | "security-group"
  | "image"
  | "volume"
  | "flavor"
  | "server";
