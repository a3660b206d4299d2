import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isOnPath } from "../mininet/needs.ts";

/** Installs packages and starts nothing of them. */
const INSTALL = fileURLToPath(new URL("files/install.sh", import.meta.url));

/** Programs that the lab starts, and Debian's package of each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  mariadbd: "mariadb-server",
  rabbitmqctl: "rabbitmq-server",
  "keystone-manage": "keystone",
  "placement-manage": "placement-api",
  "glance-api": "glance-api",
  "nova-api": "nova-api",
  "nova-conductor": "nova-conductor",
  "nova-scheduler": "nova-scheduler",
  "nova-compute": "nova-compute",
  "neutron-server": "neutron-server",
  "neutron-openvswitch-agent": "neutron-openvswitch-agent",
  "neutron-dhcp-agent": "neutron-dhcp-agent",
  "cinder-api": "cinder-api",
  "cinder-scheduler": "cinder-scheduler",
  "cinder-volume": "cinder-volume",
  uwsgi_python3: "uwsgi-plugin-python3",
  openstack: "python3-openstackclient",
  libvirtd: "libvirt-daemon-system-sysv",
  virtlogd: "libvirt-daemon-system-sysv",
  "qemu-system-x86_64": "nova-compute-kvm",
  "ovs-vswitchd": "openvswitch-switch",
  dnsmasq: "dnsmasq-base",
  // For servers that get their data from a drive.
  genisoimage: "genisoimage",
  "mkfs.ext4": "e2fsprogs",
  ip: "iproute2",
  nsenter: "util-linux",
};

/** What keeps the lab from running here. Nothing is started to find out. */
export interface OpenStackNeeds {
  readonly missing: readonly string[];
  /** The command that installs them, without starting a service. */
  readonly install: string | null;
  readonly isRoot: boolean;
  /** Devices that are not there, and the kernel module of each. */
  readonly devices: readonly { readonly path: string; readonly module: string }[];
}

export function openStackNeeds(): OpenStackNeeds {
  const missing = Object.keys(PROGRAMS).filter((program) => !isOnPath(program));
  const packages = [...new Set(missing.map((program) => PROGRAMS[program] ?? program))];
  return {
    missing,
    install: packages.length === 0 ? null : `sudo sh ${INSTALL} ${packages.join(" ")}`,
    isRoot: process.getuid?.() === 0,
    devices: [
      { path: "/dev/net/tun", module: "tun" },
      { path: "/dev/loop-control", module: "loop" },
    ].filter(({ path }) => !existsSync(path)),
  };
}
