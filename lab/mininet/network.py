"""The network of a run, built with Mininet and driven by lines of JSON on stdin; answers are lines of JSON on stdout.

Runs as the first process of namespaces of its own (network, mounts, processes), so that the switch's side of every link
lies in a network without any address, and so that everything ends with this process: when stdin ends, it ends. Whatever is
done beside Mininet's API is done by whoever drives this, through the one command runner.

    {"op": "begin", "rundir", "datapath"}                                      -> {}
    {"op": "bridge", "name"}                                                   -> {}
    {"op": "host", "node", "links": [{"bridge", "port", "mac", "interface", "peer"}]} -> {"pid"}
    {"op": "build"}                                                            -> {}
    {"op": "stop"}                                                             -> {}

An operation that fails answers {"error": "..."}.
"""

import json
import os
import sys

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import Host, OVSSwitch

# Mininet raises limits of the whole machine on its first use. Nothing outside of these namespaces is ours to change.
Mininet.inited = True
setLogLevel("critical")


class Network:
    def __init__(self):
        self.net = None
        self.datapath = "user"
        self.switches = {}

    def begin(self, request):
        os.environ["OVS_RUNDIR"] = request["rundir"]
        self.datapath = request["datapath"]
        self.net = Mininet(controller=None, build=False, autoSetMacs=False, autoStaticArp=False)
        return {}

    def bridge(self, request):
        name = request["name"]
        dpid = f"{len(self.switches) + 1:016x}"
        self.switches[name] = self.net.addSwitch(
            name, cls=OVSSwitch, failMode="secure", datapath=self.datapath, dpid=dpid
        )
        return {}

    def host(self, request):
        node = self.net.addHost(request["node"], cls=Host, ip=None)
        for link in request["links"]:
            self.net.addLink(
                node,
                self.switches[link["bridge"]],
                intfName1=link["interface"],
                intfName2=link["peer"],
                port2=link["port"],
                addr1=link["mac"],
            )
        return {"pid": node.pid}

    def build(self, _request):
        self.net.build()
        for bridge in self.switches.values():
            bridge.start([])
        return {}

    def stop(self, _request):
        if self.net is not None:
            self.net.stop()
            self.net = None
        return {}


def main():
    network = Network()
    operations = {
        "begin": network.begin,
        "bridge": network.bridge,
        "host": network.host,
        "build": network.build,
        "stop": network.stop,
    }
    print(json.dumps({}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = operations[request["op"]](request)
        except Exception as error:  # whatever it was, the caller has to hear of it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
