#!/bin/sh
# In the devstack machine, as root: what DevStack needs before it can begin, and DevStack itself at its pinned branch.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -y -q git python3-dev python3-venv bridge-utils openvswitch-switch
# Rules with ct(nat) are in Open vSwitch since 2.6, and ct without it since 2.5.
ovs-vsctl --version | head -n 1
id stack >/dev/null 2>&1 || useradd --shell /bin/bash --create-home --home-dir /opt/stack stack
chmod 755 /opt/stack
echo 'stack ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/stack
if [ ! -d /opt/stack/devstack/.git ]; then
  sudo -u stack git clone --branch "$DEVSTACK_BRANCH" --single-branch --depth 1 "$DEVSTACK_REPOSITORY" /opt/stack/devstack
fi
sudo -u stack git -C /opt/stack/devstack log -1 --format='DevStack %H of %cs'
