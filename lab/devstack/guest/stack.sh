#!/bin/sh
# In the devstack machine, as root: DevStack's own installation. A second try begins with what the first has left.
set -eu
install -o stack -g stack -m 600 /tmp/local.conf /opt/stack/devstack/local.conf
rm /tmp/local.conf
if [ -e /opt/stack/devstack/.stackenv ]; then
  sudo -u stack -H sh -c 'cd /opt/stack/devstack && ./unstack.sh' || echo "unstack.sh failed; stack.sh goes on from there"
fi
sudo -u stack -H sh -c 'cd /opt/stack/devstack && ./stack.sh'
