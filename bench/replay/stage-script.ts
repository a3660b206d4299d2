import { BRIDGE, CLIENT, GATEWAY, PLACES, RESPONDER } from "./places.ts";

const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const NO_IPV6 = "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1";
/** On a veth nobody finishes checksums and segments that are left to the hardware. */
const OFFLOADS = "rx off tx off sg off tso off gso off gro off";

/**
 * Linux keeps a port for a minute after its side was the first to close, or closed at the same time. At thousands of
 * sessions in a second the load generator runs out of ports on every path, the direct one among them, and what is measured
 * is its search for one. A TIME-WAIT that has lasted a second may make room for a new connection.
 */
const REUSE = "sysctl -qw net.ipv4.tcp_tw_reuse=1";

/**
 * The responder forgets closed connections at once. Behind a translation a guest's source port may be one that another
 * connection had a moment ago. Linux gives each port a clock of its own (TCP timestamps), so that half of such SYNs look old
 * to a socket in TIME-WAIT, which would refuse them for a minute.
 */
const FORGET = "sysctl -qw net.ipv4.tcp_max_tw_buckets=0";

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
    `ip netns exec ${CLIENT.name} ${REUSE}`,
    `ip netns exec ${RESPONDER.name} ${FORGET}`,
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
