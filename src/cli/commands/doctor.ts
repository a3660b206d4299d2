import { cloudNeeds } from "../../../lab/cloud/needs.ts";
import { hasImage } from "../../../lab/guest/image.ts";
import { guestNeeds } from "../../../lab/guest/needs.ts";
import { isOnPath, mininetNeeds } from "../../../lab/mininet/needs.ts";
import { openStackNeeds } from "../../../lab/openstack/needs.ts";
import { vagrantNeeds } from "../../../lab/vagrant/needs.ts";
import { EXIT, type ExitStatus } from "../../base/errors.ts";
import { cloudInReach } from "../enter-cloud.ts";
import type { Io } from "../io.ts";

export interface DoctorOptions {
  readonly json?: boolean;
}

interface LabState {
  readonly lab: string;
  readonly runs: boolean;
  readonly says: string;
  /** What is not here. */
  readonly missing: readonly string[];
  /** The commands that mend it. */
  readonly mend: readonly string[];
}

/** Which labs this machine can run, and what is missing for the others. */
export async function doctor(options: DoctorOptions, io: Io): Promise<ExitStatus> {
  const states = [sim(), mininet(), await guest(), openstack(), vagrant(), devstack()];
  if (options.json === true) io.out.line(JSON.stringify(states, null, 2));
  else
    for (const { lab, runs, says, mend } of states) {
      io.out.line(`${runs ? "✔" : "✘"} ${lab.padEnd(9)} ${says}`);
      for (const command of mend) io.out.line(`  ${"".padEnd(9)} ${command}`);
    }
  await io.out.flush();
  return EXIT.pass;
}

function sim(): LabState {
  return {
    lab: "sim",
    runs: true,
    says: "runs on this machine: it needs Node only, and no root",
    missing: [],
    mend: [],
  };
}

function mininet(): LabState {
  const { missing, packages, isRoot, hasTun } = mininetNeeds();
  const mend: string[] = [];
  if (packages.length > 0) mend.push(`sudo apt-get install -y ${packages.join(" ")}`);
  if (!hasTun) mend.push("sudo modprobe tun");
  const runs = isRoot && hasTun && missing.length === 0;
  if (runs) {
    const says = "runs on this machine: Mininet hosts on a real Open vSwitch";
    if (isOnPath("mitmdump")) return { lab: "mininet", runs, says, missing, mend };
    const proxy = ["sudo apt-get install -y mitmproxy"];
    return {
      lab: "mininet",
      runs,
      says: `${says}; replay by proxy wants more`,
      missing,
      mend: proxy,
    };
  }
  if (!isRoot) mend.push("sudo isoreplay run paper --lab mininet");
  const lacks = [
    ...missing,
    ...(hasTun ? [] : ["/dev/net/tun"]),
    ...(isRoot ? [] : ["root's rights"]),
  ];
  return { lab: "mininet", runs, says: `lacks ${lacks.join(", ")}`, missing: lacks, mend };
}

/** No lab of its own: the Mininet lab on the datapath of another kernel. */
async function guest(): Promise<LabState> {
  const { missing, packages } = guestNeeds();
  const runs = missing.length === 0;
  const built = (await hasImage()) ? "" : "; it is built at its first use";
  const says = runs
    ? `runs on this machine: \`reproduce fig11\` in a guest with the kernel's datapath${built}`
    : `lacks ${missing.join(", ")}`;
  const mend = runs ? [] : [`sudo apt-get install -y ${packages.join(" ")}`];
  return { lab: "guest", runs, says, missing, mend };
}

function openstack(): LabState {
  const { missing, install, isRoot, devices } = openStackNeeds();
  const lacks = [
    ...missing,
    ...devices.map(({ path }) => path),
    ...(isRoot ? [] : ["root's rights"]),
  ];
  const mend = [
    ...(install === null ? [] : [install]),
    ...devices.map(({ module }) => `sudo modprobe ${module}`),
    ...(isRoot ? [] : ["sudo isoreplay deploy --lab openstack"]),
  ];
  const runs = lacks.length === 0;
  const says = runs
    ? "runs on this machine: keystone, glance, nova, neutron, cinder from packages"
    : `lacks ${lacks.join(", ")}`;
  return { lab: "openstack", runs, says, missing: lacks, mend };
}

/** No lab of its own: machines that labs run in. */
function vagrant(): LabState {
  const { provider, missing, packages } = vagrantNeeds();
  const runs = provider !== null;
  const says = runs
    ? `brings up the machines \`lab\` and \`devstack\` of the Vagrantfile, with ${provider}`
    : `lacks ${missing.join(", ")}`;
  const mend = runs ? [] : [`sudo apt-get install -y ${packages.join(" ")}`];
  return { lab: "vagrant", runs, says, missing, mend };
}

function devstack(): LabState {
  const { missing, packages } = cloudNeeds();
  const cloud = cloudInReach(process.env);
  const runs = missing.length === 0 && cloud !== null;
  const mend = [
    ...(packages.length === 0 ? [] : [`sudo apt-get install -y ${packages.join(" ")}`]),
    ...(cloud === null ? ["sudo isoreplay deploy --lab openstack"] : []),
  ];
  const lacks = [...missing, ...(cloud === null ? ["a cloud (OS_CLOUD, OS_AUTH_URL)"] : [])];
  const says = runs
    ? `runs on this machine, as far as it is a compute host of ${cloud}`
    : `lacks ${lacks.join(", ")}`;
  return { lab: "devstack", runs, says, missing: lacks, mend };
}
