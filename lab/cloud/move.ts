import type { CloudApi } from "./api.ts";
import { CloudError } from "./cloud-error.ts";
import type { Resources } from "./resources.ts";
import { lookAtVolume, serverGone, serverIs, type VolumeState, volumeIs } from "./states.ts";
import { waitFor } from "./wait.ts";

/** A detach that has not ended by then never does. */
const DETACH_MS_MAX = 120_000;

/** A server that is off and deleted leaves its root volume behind. */
export interface Release {
  readonly server: string;
  readonly volume: string;
  readonly detachMsMax?: number;
  /** A step has been done. */
  readonly onStep: (step: string) => void;
}

/**
 * Take a root volume from its server. A root volume cannot be detached from a server that runs: the server is stopped
 * and deleted. Resolves when the volume is available, and nobody has it. Rejects with CloudError.
 */
export async function releaseVolume(
  api: CloudApi,
  { server, volume, detachMsMax, onStep }: Release,
): Promise<void> {
  await api.act("compute", "POST", `/servers/${server}/action`, { "os-stop": null });
  await waitFor(serverIs(api, server, "SHUTOFF"));
  onStep("stop the instance");
  await api.act("compute", "DELETE", `/servers/${server}`);
  await waitFor(serverGone(api, server));
  onStep("delete the instance, which leaves its volume");
  await settle(api, volume, detachMsMax);
}

/**
 * A volume that is about to be attached belongs to nobody. Two servers that write to one file system destroy it, so that one
 * which somebody has, or may have, is never attached: CloudError `conflict` says who.
 */
export async function requireFree(api: CloudApi, volume: string): Promise<void> {
  const { status, attachments } = await lookAtVolume(api, volume);
  if (status === "available" && attachments.length === 0) return;
  const who = attachments.map(({ server_id }) => server_id).join(", ");
  throw new CloudError(
    "conflict",
    `it is ${status}${who === "" ? "" : `, attached to ${who}`}, and is not attached a second time`,
    { where: `volume ${volume}` },
  );
}

/** Take a data volume from a server that goes on, and give it to another one. */
export async function moveDataVolume(
  api: CloudApi,
  volume: string,
  from: string,
  to: string,
): Promise<VolumeState> {
  await api.act("compute", "DELETE", `/servers/${from}/os-volume_attachments/${volume}`);
  await settle(api, volume);
  return attachVolume(api, volume, to);
}

/** Rejects with CloudError `conflict` when somebody has it. */
export async function attachVolume(
  api: CloudApi,
  volume: string,
  server: string,
): Promise<VolumeState> {
  await requireFree(api, volume);
  await api.act("compute", "POST", `/servers/${server}/os-volume_attachments`, {
    volumeAttachment: { volumeId: volume },
  });
  return waitFor(volumeIs(api, volume, "in-use"));
}

/** The volume's content as a volume of its own, by way of an image. The first one is free, and stays as it is. */
export async function migrateVolume(
  resources: Resources,
  volume: string,
  name: string,
  onStep: (step: string) => void,
): Promise<string> {
  await requireFree(resources.api, volume);
  const image = await resources.snapshot(`${name}-snapshot`, volume);
  onStep("take a snapshot of its volume");
  const copy = await resources.volume(name, image);
  onStep("make a volume from the snapshot");
  return copy;
}

/**
 * Wait until a volume is free. One that stays `detaching` although no server has it any more is set free; one that a
 * server still has is reported.
 */
async function settle(api: CloudApi, volume: string, detachMsMax = DETACH_MS_MAX): Promise<void> {
  try {
    await waitFor(volumeIs(api, volume, "available", detachMsMax));
  } catch (error) {
    if (!(error instanceof CloudError && error.fault === "stuck")) throw error;
    const { status, attachments } = await lookAtVolume(api, volume);
    if (attachments.length > 0) {
      throw new CloudError(
        "stuck",
        `it is ${status}, and ${attachments.map(({ server_id }) => server_id).join(", ")} has it still`,
        {
          where: `volume ${volume}`,
          mend: "it is left as it is: to force it could destroy its content",
        },
      );
    }
    await api.act("volume", "POST", `/volumes/${volume}/action`, {
      "os-reset_status": { status: "available", attach_status: "detached" },
    });
    await waitFor(volumeIs(api, volume, "available"));
  }
}
