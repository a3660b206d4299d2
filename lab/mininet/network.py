"""The network of a run, built with Mininet and driven by lines of JSON on stdin; answers are lines of JSON on stdout.

Runs as the first process of namespaces of its own (network, mounts, processes), so that the switch's side of every link
lies in a network without any address, and so that everything ends with this process: when stdin ends, it ends.

    {"op": "start", "rundir", "datapath", "bridges", "hosts": [{"name", "links": [{"bridge", "port", "mac", "address"}],
      "gateway", "forwards"}]}                -> {"hosts": [{"name", "pid", "interfaces", "peers"}]}
    {"op": "run", "host", "args", "input"}    -> {"status", "output"}: a short command in a host (or, host null, beside them)
    {"op": "stop"}                            -> {}

An operation that fails answers {"error": "..."}.
"""

import json
import os
import subprocess
import sys

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import Host, OVSSwitch

# Mininet raises limits of the whole machine on its first use. Nothing outside of these namespaces is ours to change.
Mininet.inited = True
setLogLevel("critical")

# Offloaded checksums and segments would reach the switch unfinished: on a veth nobody finishes them.
OFFLOADS = ["rx", "off", "tx", "off", "sg", "off", "tso", "off", "gso", "off", "gro", "off"]


class Network:
    def __init__(self):
        self.net = None
        self.hosts = {}

    def start(self, request):
        """Everything that the request names, and nothing that it does not: no address on the switch's side, no IPv6."""
        os.environ["OVS_RUNDIR"] = request["rundir"]
        write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1")
        write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1")
        write("/proc/sys/net/ipv4/ip_forward", "0")
        net = Mininet(controller=None, build=False, autoSetMacs=False, autoStaticArp=False)
        self.net = net
        switches = {}
        for number, name in enumerate(request["bridges"], 1):
            switches[name] = net.addSwitch(
                name, cls=OVSSwitch, failMode="secure", datapath=request["datapath"], dpid=f"{number:016x}"
            )
        answer = []
        for number, spec in enumerate(request["hosts"], 1):
            node = net.addHost(f"h{number}", cls=Host, ip=None)
            self.hosts[spec["name"]] = node
            interfaces, peers = [], []
            for index, link in enumerate(spec["links"]):
                name, peer = f"h{number}-{index}", f"s{number}-{index}"
                net.addLink(
                    node,
                    switches[link["bridge"]],
                    intfName1=name,
                    intfName2=peer,
                    port2=link["port"],
                    addr1=link["mac"],
                )
                interfaces.append(name)
                peers.append(peer)
            answer.append({"name": spec["name"], "pid": node.pid, "interfaces": interfaces, "peers": peers})
        net.build()
        for bridge in switches.values():
            bridge.start([])
        for spec, host in zip(request["hosts"], answer):
            self.configure(spec, host)
        return {"hosts": answer}

    def configure(self, spec, host):
        """Addresses and routes of one host, by iproute2 in its namespace."""
        commands = [
            "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1",
            f"sysctl -qw net.ipv4.ip_forward={1 if spec['forwards'] else 0}",
            "ip link set lo up",
        ]
        for link, name in zip(spec["links"], host["interfaces"]):
            commands.append(f"ethtool -K {name} {' '.join(OFFLOADS)}")
            commands.append(f"ip addr add {link['address']} dev {name}")
            commands.append(f"ip link set {name} up")
        if spec["gateway"] is not None:
            commands.append(f"ip route add default via {spec['gateway']}")
        self.check(host["pid"], ["sh", "-ec", "\n".join(commands)])
        for peer in host["peers"]:
            self.check(None, ["ethtool", "-K", peer, *OFFLOADS])

    def check(self, pid, args):
        prefix = [] if pid is None else ["mnexec", "-a", str(pid)]
        done = subprocess.run([*prefix, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(args)}: exit status {done.returncode}: {done.stderr.strip()}")

    def run(self, request):
        host = request["host"]
        prefix = [] if host is None else ["mnexec", "-a", str(self.hosts[host].pid)]
        done = subprocess.run(
            [*prefix, *request["args"]],
            input=request.get("input", ""),
            capture_output=True,
            text=True,
        )
        return {"status": done.returncode, "output": done.stdout, "complaint": done.stderr}

    def stop(self, _request):
        if self.net is not None:
            self.net.stop()
            self.net = None
        return {}


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def main():
    network = Network()
    operations = {"start": network.start, "run": network.run, "stop": network.stop}
    print(json.dumps({"up": os.getpid()}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = operations[request["op"]](request)
        except Exception as error:  # whatever it was, the caller has to hear of it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
