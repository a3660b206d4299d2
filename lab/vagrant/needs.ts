import { existsSync } from "node:fs";
import { isOnPath } from "../mininet/needs.ts";

/** What libvirt's provider works with, and the Debian or Ubuntu package of each program. */
const LIBVIRT: Readonly<Record<string, string>> = {
  libvirtd: "libvirt-daemon-system",
  virsh: "libvirt-clients",
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-img": "qemu-utils",
  dnsmasq: "dnsmasq-base",
};
/** Where Debian and Ubuntu note that the plugin is there; one that Vagrant itself installed is not seen without asking it. */
const PLUGIN = "/usr/share/vagrant-plugins/plugins.d/vagrant-libvirt.json";

/** What keeps the machines of the Vagrantfile from being brought up here. Nothing is started to find out. */
export interface VagrantNeeds {
  /** `null` where there is neither VirtualBox nor all of libvirt. */
  readonly provider: "virtualbox" | "libvirt" | null;
  readonly missing: readonly string[];
  readonly packages: readonly string[];
}

export function vagrantNeeds(): VagrantNeeds {
  const tools = { vagrant: "vagrant", rsync: "rsync" };
  const hasVirtualBox = isOnPath("VBoxManage");
  const wanted = hasVirtualBox ? tools : { ...tools, ...LIBVIRT };
  const packageOf: Readonly<Record<string, string>> = wanted;
  const missing = Object.keys(wanted).filter((program) => !isOnPath(program));
  const packages = missing.map((program) => packageOf[program] ?? program);
  if (!hasVirtualBox && !existsSync(PLUGIN)) {
    missing.push("vagrant-libvirt");
    packages.push("vagrant-libvirt");
  }
  const provider = hasVirtualBox ? "virtualbox" : "libvirt";
  return { provider: missing.length === 0 ? provider : null, missing, packages };
}
