import { z } from "zod";
import type { CloudApi } from "./api.ts";
import { CloudError, isAbsent } from "./cloud-error.ts";
import type { Awaited, Look } from "./wait.ts";

/** Deadlines, milliseconds: a loaded machine without virtualisation has to make them, a stuck one must not hold a run for long. */
const SERVER_MS_MAX = 240_000;
const GONE_MS_MAX = 120_000;
const VOLUME_MS_MAX = 180_000;
const IMAGE_MS_MAX = 300_000;

const serverSchema = z.object({
  server: z.object({
    id: z.string(),
    name: z.string(),
    status: z.string(),
    "OS-EXT-STS:task_state": z.string().nullish(),
    fault: z.object({ message: z.string() }).optional(),
  }),
});

const volumeSchema = z.object({
  volume: z.object({
    id: z.string(),
    name: z.string().nullable(),
    status: z.string(),
    attachments: z.array(z.object({ server_id: z.string() })),
  }),
});

export type VolumeState = z.infer<typeof volumeSchema>["volume"];

export async function lookAtVolume(api: CloudApi, id: string): Promise<VolumeState> {
  return (await api.get("volume", `/volumes/${id}`, volumeSchema)).volume;
}

/** `status`: `ACTIVE`, `SHUTOFF`. A server in ERROR never gets there; the error has the fault that nova gives. */
export function serverIs(api: CloudApi, id: string, status: string): Awaited<string> {
  return {
    what: `server ${id} to be ${status}`,
    deadlineMs: SERVER_MS_MAX,
    look: async () => {
      const { server } = await api.get("compute", `/servers/${id}`, serverSchema);
      const task = server["OS-EXT-STS:task_state"] ?? null;
      if (server.status === status && task === null) return { value: server.id };
      if (server.status === "ERROR") {
        throw new CloudError(
          "broken",
          server.fault?.message ?? "it is in ERROR, and nova gives no fault",
          {
            where: `server ${server.name}`,
          },
        );
      }
      return { now: task === null ? server.status : `${server.status} (${task})` };
    },
  };
}

export function serverGone(api: CloudApi, id: string): Awaited<null> {
  return {
    what: `server ${id} to be gone`,
    deadlineMs: GONE_MS_MAX,
    look: async () => {
      try {
        const { server } = await api.get("compute", `/servers/${id}`, serverSchema);
        return server.status === "DELETED" ? { value: null } : { now: server.status };
      } catch (error) {
        if (isAbsent(error)) return { value: null };
        throw error;
      }
    },
  };
}

/**
 * `status`: `available`, `in-use`. A volume in an error state never gets there. Available is only what nobody has attached:
 * cinder may say so a moment before nova has let go.
 */
export function volumeIs(
  api: CloudApi,
  id: string,
  status: string,
  deadlineMs = VOLUME_MS_MAX,
): Awaited<VolumeState> {
  return {
    what: `volume ${id} to be ${status}`,
    deadlineMs,
    look: async (): Promise<Look<VolumeState>> => {
      const volume = await lookAtVolume(api, id);
      const isFree = volume.attachments.length === 0;
      if (volume.status === status && (status !== "available" || isFree)) return { value: volume };
      if (volume.status.startsWith("error")) {
        throw new CloudError("broken", `it is ${volume.status}`, {
          where: `volume ${volume.name ?? id}`,
        });
      }
      return { now: volume.status };
    },
  };
}

export function volumeGone(api: CloudApi, id: string): Awaited<null> {
  return {
    what: `volume ${id} to be gone`,
    deadlineMs: GONE_MS_MAX,
    look: async () => {
      try {
        return { now: (await lookAtVolume(api, id)).status };
      } catch (error) {
        if (isAbsent(error)) return { value: null };
        throw error;
      }
    },
  };
}

const imageSchema = z.object({ status: z.string() });

export function imageIsActive(api: CloudApi, id: string): Awaited<null> {
  return {
    what: `image ${id} to be active`,
    deadlineMs: IMAGE_MS_MAX,
    look: async () => {
      const { status } = await api.get("image", `/images/${id}`, imageSchema);
      if (status === "active") return { value: null };
      if (["killed", "deleted", "deactivated"].includes(status))
        throw new CloudError("broken", `it is ${status}`, { where: `image ${id}` });
      return { now: status };
    },
  };
}
