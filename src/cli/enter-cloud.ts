import { entrance } from "../../lab/cloud/cloud-folder.ts";
import { hasCloud } from "../../lab/cloud/credentials.ts";
import { IMAGE_VARIABLE } from "../../lab/cloud/setting.ts";
import { keeperOf } from "../../lab/openstack/namespaces.ts";
import { standInImage } from "../../lab/stand-in/image.ts";
import { type RecordedLab, recordedLabs } from "../../lab/state/journal.ts";
import { hasOwner, isDeployed, ownerOf } from "../../lab/state/leftovers.ts";

/** Which cloud a run would be in, in words; null where there is none. */
export function cloudInReach(variables: NodeJS.ProcessEnv): string | null {
  if (hasCloud(variables)) return `the cloud ${variables.OS_CLOUD ?? variables.OS_AUTH_URL}`;
  return deployedCloud() === undefined ? null : "the OpenStack that is deployed here";
}

/**
 * Where nobody has named a cloud, and an OpenStack was deployed here: go on as the same program in its network. Returns
 * where nothing of that is so; then this process has to do.
 */
export async function enterCloud(args: readonly string[]): Promise<void> {
  const { env, execPath, execArgv, argv } = process;
  const lab = deployedCloud();
  const keeper = lab === undefined ? null : await keeperOf(lab.folder);
  if (hasCloud(env) || lab === undefined || keeper === null) return;
  // Nothing can be fetched in there.
  const image = await standInImage();
  const program = [execPath, ...execArgv, argv[1] ?? "", ...args];
  const { command, variables } = entrance(lab, keeper);
  process.execve?.("/usr/bin/env", ["env", ...command, ...program], {
    ...env,
    ...variables,
    [IMAGE_VARIABLE]: image,
  });
}

function deployedCloud(): RecordedLab | undefined {
  return recordedLabs().findLast(
    (one) => ownerOf(one)?.lab === "openstack" && isDeployed(one) && hasOwner(one),
  );
}
