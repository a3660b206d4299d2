import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const USUAL = fileURLToPath(new URL("../../runs/devstack/", import.meta.url));

/** Where the record of the way up, the logs and the credentials lie. */
export const FOLDER = resolve(process.env.ISOREPLAY_DEVSTACK_FOLDER ?? USUAL);
