import { z } from "zod";
import { runCommand } from "../../src/base/command.ts";
import type { JournalEntry } from "../state/journal.ts";
import type { CloudApi, Service } from "./api.ts";
import { CloudError, isAbsent } from "./cloud-error.ts";
import type { HostSwitch } from "./host-switch.ts";
import { INTEGRATION_BRIDGE, removal } from "./integration-bridge.ts";
import { lookAtVolume, serverGone, volumeGone } from "./states.ts";
import { type Awaited, waitFor } from "./wait.ts";

const listed = z.array(z.object({ id: z.string(), name: z.string().nullable() }));

interface Kind {
  readonly kind: JournalEntry["kind"];
  readonly service: Service;
  readonly path: string;
  /** Where the names of all stand. */
  readonly list: string;
  readonly key: string;
  /** The next kind needs them gone. */
  readonly gone?: (api: CloudApi, id: string) => Awaited<null>;
  /** What has to be done before it can be deleted. */
  readonly before?: (api: CloudApi, id: string) => Promise<void>;
}

/** In the order in which they go: what uses something goes before it. */
const KINDS: readonly Kind[] = [
  {
    kind: "server",
    service: "compute",
    path: "/servers",
    list: "/servers",
    key: "servers",
    gone: serverGone,
  },
  {
    kind: "volume",
    service: "volume",
    path: "/volumes",
    list: "/volumes",
    key: "volumes",
    gone: volumeGone,
    before: freeVolume,
  },
  { kind: "image", service: "image", path: "/images", list: "/images?limit=1000", key: "images" },
  { kind: "port", service: "network", path: "/ports", list: "/ports", key: "ports" },
  { kind: "subnet", service: "network", path: "/subnets", list: "/subnets", key: "subnets" },
  { kind: "network", service: "network", path: "/networks", list: "/networks", key: "networks" },
  {
    kind: "security-group",
    service: "network",
    path: "/security-groups",
    list: "/security-groups",
    key: "security_groups",
  },
  { kind: "flavor", service: "compute", path: "/flavors", list: "/flavors", key: "flavors" },
];

/**
 * Delete what a run's journal names, and nothing else: the names hold the run's label. What has gone already is no
 * error; what cannot be deleted does not keep the rest from it. Gives the number of things that were there. Rejects with CloudError, which
 * says what stays and why.
 */
export async function removeResources(
  api: CloudApi,
  entries: readonly Pick<JournalEntry, "kind" | "name">[],
): Promise<number> {
  const left: string[] = [];
  let removed = 0;
  for (const kind of KINDS) {
    const names = new Set(
      entries.filter((entry) => entry.kind === kind.kind).map(({ name }) => name),
    );
    if (names.size === 0) continue;
    const found = await find(api, kind, names);
    const results = await Promise.allSettled(found.map(({ id }) => remove(api, kind, id)));
    for (const [at, result] of results.entries()) {
      if (result.status === "fulfilled") removed++;
      else left.push(`${kind.kind} ${found[at]?.name ?? ""}: ${reason(result.reason)}`);
    }
  }
  if (left.length > 0) {
    throw new CloudError("stuck", `this is left: ${left.join("; ")}`, {
      mend: "`isoreplay destroy` tries again",
    });
  }
  return removed;
}

async function find(api: CloudApi, { service, list, key }: Kind, names: ReadonlySet<string>) {
  const answer = await api.get(service, list, z.record(z.string(), z.unknown()));
  return listed.parse(answer[key]).filter(({ name }) => name !== null && names.has(name));
}

async function remove(
  api: CloudApi,
  { service, path, gone, before }: Kind,
  id: string,
): Promise<void> {
  try {
    await before?.(api, id);
    await api.act(service, "DELETE", `${path}/${id}`);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  if (gone !== undefined) await waitFor(gone(api, id));
}

/** A volume whose server was lost half-way stays `reserved`, `attaching` or `detaching` for ever, and nobody has it. */
async function freeVolume(api: CloudApi, id: string): Promise<void> {
  const { status, attachments } = await lookAtVolume(api, id);
  if (attachments.length > 0 || !["reserved", "attaching", "detaching"].includes(status)) return;
  await api.act("volume", "POST", `/volumes/${id}/action`, {
    "os-reset_status": { status: "available", attach_status: "detached" },
  });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Take a run's rules and cables away from the compute host's switch. */
export async function removeFromSwitch(
  hostSwitch: HostSwitch,
  label: string,
  entries: readonly JournalEntry[],
): Promise<void> {
  if (entries.some(({ kind }) => kind === "bridge"))
    await hostSwitch.change(INTEGRATION_BRIDGE, removal(label));
  const cables = entries.flatMap(({ kind, name }) => (kind === "cable" ? [name] : []));
  if (cables.length === 0) return;
  await hostSwitch.vsctl(...cables.flatMap((name) => ["--", "--if-exists", "del-port", name]));
  // Most have gone with their hosts. Where the files of /sys are another network's, only this tells.
  const lines = cables.map(
    (name) => `! ip link show dev ${name} >/dev/null 2>&1 || ip link del ${name}`,
  );
  await runCommand("sh", ["-ec", lines.join("\n")]);
}
