import { BRIDGE, CLIENT, GATEWAY, PLACES } from "./places.ts";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const NO_IPV6 = "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1";
/** On a veth nobody finishes checksums and segments that are left to the hardware. */
const OFFLOADS = "rx off tx off sg off tso off gso off gro off";

/** What a shell does in fresh namespaces to put the hosts and the switch up. The folder is there, and empty. */
export function stageScript(folder: string): string {
  const daemon = (name: string) =>
    `--detach --no-chdir --pidfile=${folder}/${name}.pid --log-file=${folder}/${name}.log --unixctl=${folder}/${name}.ctl`;
  const vsctl = `ovs-vsctl --db=unix:${folder}/db.sock`;
  return [
    // `ip netns` keeps names below /run, which is ours alone from here on.
    "mount -t tmpfs tmpfs /run",
    NO_IPV6,
    ...PLACES.flatMap(({ name, mac, address }) => [
      `ip netns add ${name}`,
      `ip link add sw-${name} type veth peer name eth0 address ${mac} netns ${name}`,
      `ethtool -K sw-${name} ${OFFLOADS} >/dev/null`,
      `ip link set sw-${name} up`,
      `ip netns exec ${name} sh -ec '${NO_IPV6}; ethtool -K eth0 ${OFFLOADS} >/dev/null; ip link set lo up; ip link set eth0 up; ip addr add ${address}/24 dev eth0'`,
    ]),
    `ip -n ${CLIENT.name} route add default via ${GATEWAY}`,
    `export OVS_RUNDIR=${folder} OVS_LOGDIR=${folder} OVS_DBDIR=${folder} OVS_SYSCONFDIR=${folder}`,
    `ovsdb-tool create ${folder}/conf.db ${SCHEMA}`,
    `ovsdb-server ${folder}/conf.db --remote=punix:${folder}/db.sock ${daemon("ovsdb-server")}`,
    `${vsctl} --no-wait init`,
    `${vsctl} --no-wait add-br ${BRIDGE} -- set bridge ${BRIDGE} datapath_type=netdev fail-mode=secure other-config:disable-in-band=true`,
    ...PLACES.map(
      ({ name, port }) =>
        `${vsctl} --no-wait add-port ${BRIDGE} sw-${name} -- set interface sw-${name} ofport_request=${port}`,
    ),
    `ovs-vswitchd unix:${folder}/db.sock ${daemon("vswitchd")}`,
  ].join("\n");
}
