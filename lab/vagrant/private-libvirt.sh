#!/bin/sh
# The first process in namespaces of its own (mounts, network, processes): a libvirtd that shares nothing with a libvirt
# of the machine's. `private-libvirt.sh FOLDER`; it ends, and everything in here with it, when its stdin ends.
set -eu
folder=$1
mount --make-rprivate /
for place in run/libvirt etc/libvirt var/lib/libvirt var/log/libvirt var/cache/libvirt; do
  mkdir -p "$folder/$place"
done
# What the package brings there, before it is hidden; some packages bring nothing.
if [ -d /etc/libvirt ]; then cp -R /etc/libvirt/. "$folder/etc/libvirt/"; fi
mkdir -p "$folder/var/lib/libvirt/images" "$folder/var/lib/libvirt/dnsmasq"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/libvirt /run/lock
for place in etc/libvirt var/lib/libvirt var/log/libvirt var/cache/libvirt; do
  mount --bind "$folder/$place" "/$place"
done
cat >/etc/libvirt/libvirtd.conf <<'END'
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
END
cat >/etc/libvirt/qemu.conf <<'END'
user = "root"
group = "root"
security_driver = "none"
namespaces = []
cgroup_controllers = []
remember_owner = 0
stdio_handler = "file"
END
# Of the new network: else libvirt reads of devices that are not in here. There are no control groups in it either.
mount -t sysfs sysfs /sys
ip link set lo up
sysctl -qw net.ipv4.ip_forward=1
libvirtd 2>"$folder/libvirtd.log" &
n=0
until [ -S /run/libvirt/libvirt-sock ] && virsh -q -c qemu:///system uri >/dev/null 2>&1; do
  n=$((n + 1))
  if [ "$n" -gt 300 ]; then
    tail -n 5 "$folder/libvirtd.log" >&2
    exit 1
  fi
  sleep 0.1
done
virsh -q -c qemu:///system pool-define-as default dir --target /var/lib/libvirt/images
virsh -q -c qemu:///system pool-start default
echo ready
cat >/dev/null
