import { runCommand } from "../../src/base/command.ts";
import { LabUnavailableError } from "../../src/base/errors.ts";
import type { Lab, RunningLab, Watch } from "../../src/run/lab.ts";
import type { Plan } from "../../src/run/plan.ts";
import { Capsule } from "../mininet/capsule.ts";
import { CloudApi } from "./api.ts";
import { CloudFolder, placeOf } from "./cloud-folder.ts";
import { CloudRun } from "./cloud-run.ts";
import { readCredentials } from "./credentials.ts";
import { HostSwitch } from "./host-switch.ts";
import { INTEGRATION_BRIDGE } from "./integration-bridge.ts";
import { removeFromSwitch, removeResources } from "./remove.ts";
import { Resources } from "./resources.ts";

export interface CloudOptions {
  readonly seed: number | string;
  /** Lab seconds that pass in one second. */
  readonly speed: number;
}

/**
 * The lab in an OpenStack: the instances that are judged and isolated are its servers, and everybody else is plugged in to
 * the integration bridge of the compute host, which this is.
 */
export class CloudLab implements Lab {
  readonly kind = "devstack";
  readonly #options: CloudOptions;

  constructor(options: CloudOptions) {
    this.#options = options;
  }

  async run<T>(plan: Plan, watch: Watch, experiment: (lab: RunningLab) => Promise<T>): Promise<T> {
    const place = placeOf(process.env);
    const api = await CloudApi.connect(await readCredentials(process.env));
    const hostSwitch = new HostSwitch(place.rundir);
    await requireBridge(hostSwitch);
    await using folder = CloudFolder.create(plan.name, place);
    const { label, entries } = folder;
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => {
      await removeResources(api, entries);
    });
    stack.defer(() => removeFromSwitch(hostSwitch, label, entries));
    folder.journal.add({ kind: "namespaces", name: label });
    const capsule = stack.use(await Capsule.start(label));
    const resources = new Resources(api, label, folder.journal);
    const run = new CloudRun({
      ...this.#options,
      plan,
      watch,
      folder,
      capsule,
      resources,
      hostSwitch,
    });
    try {
      await run.build();
      return await run.play(experiment);
    } finally {
      await run.stop();
    }
  }
}

async function requireBridge(hostSwitch: HostSwitch): Promise<void> {
  await runCommand("ovs-ofctl", ["--version"]);
  const bridges = (await hostSwitch.vsctl("list-br")).split("\n");
  if (bridges.includes(INTEGRATION_BRIDGE)) return;
  throw new LabUnavailableError(`this machine's switch has no bridge ${INTEGRATION_BRIDGE}`, {
    where: hostSwitch.rundir,
    mend: "run it on the compute host; OVS_RUNDIR says where its switch's sockets lie",
  });
}
