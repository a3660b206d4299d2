#!/bin/bash
# In the devstack machine, as root: the network `isolation`, beside DevStack's own `private`. It has no router and no
# gateway, so its hosts have no way out; its ports are guarded. What is there already stays.
set -euo pipefail
# DevStack writes it: the administrator, in the project demo.
export OS_CLOUD=devstack-admin-demo
openstack network show private >/dev/null
openstack network show isolation >/dev/null 2>&1 ||
  openstack network create --enable-port-security isolation
openstack subnet show isolation >/dev/null 2>&1 ||
  openstack subnet create --network isolation --subnet-range 10.20.0.0/24 --gateway none isolation
openstack network list --long
ovs-vsctl get Open_vSwitch . ovs_version
