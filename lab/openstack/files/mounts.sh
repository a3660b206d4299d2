#!/bin/sh
# The lab's own view of the machine's files, made once inside its namespaces. The kernel takes it away with them.
#   mounts.sh FOLDER IMAGE    FOLDER: the lab's. IMAGE: the disk that is made for it, gone from its folder when this ends.
set -eu
folder=$1
image=$2
storage=$folder/storage

mount -t sysfs sysfs /sys
# libvirt and others would change the machine's groups of processes.
[ ! -d /sys/fs/cgroup ] || mount -t tmpfs cgroups /sys/fs/cgroup
hostname isoreplay
ip link set lo up
# An interface of a server would speak IPv6 to the server by itself, in the name of this host.
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6

# Two disks without names: they vanish with the last process that has them mounted. Volumes have a file system of their
# own, because nova compares the file systems of what it mounts.
disk() {
  mkdir -p "$3"
  truncate -s "$2" "$1"
  mkfs.ext4 -q -m 0 -O ^has_journal -E lazy_itable_init=1,nodiscard "$1"
  mount -o loop,noatime "$1" "$3"
  rm "$1"
}
disk "$image" 16G "$storage"
disk "$storage/share.img" 8G "$storage/share"

# Sockets and locks: an empty /run, with the lab's folder where it was.
mkdir "$folder/run"
mount -t tmpfs run "$folder/run"
mkdir -p "$folder/run/${folder#/run/}"
mount --bind "$folder" "$folder/run/${folder#/run/}"
mount --bind "$storage" "$folder/run/${folder#/run/}/storage"
mount --bind "$storage/share" "$folder/run/${folder#/run/}/storage/share"
# Without a note in /run/mount, which is about to be hidden.
mount --no-mtab --move "$folder/run" /run
mkdir -p /run/lock /run/openvswitch /run/libvirt /run/netns

# Here libvirt keeps things whatever it is told.
for path in etc/libvirt var/lib/libvirt var/log/libvirt var/cache/libvirt; do
  mkdir -p "$storage/$path" "/$path"
  mount --bind "$storage/$path" "/$path"
done
cp "$folder/etc/libvirtd.conf" "$folder/etc/qemu.conf" /etc/libvirt/
mkdir -p /var/lib/libvirt/qemu

mount --bind "$folder/etc/hosts" /etc/hosts

# `mount -t nfs` runs /sbin/mount.nfs, which is nowhere else.
mkdir "$storage/sbin" "$storage/sbin.work"
install -m 755 "$folder/etc/mount.nfs" "$storage/sbin/mount.nfs"
mount -t overlay -o "lowerdir=/usr/sbin,upperdir=$storage/sbin,workdir=$storage/sbin.work" overlay /usr/sbin

# The services run as root of nothing but this lab.
mkdir "$storage/bin" "$storage/tmp" "$storage/home"
install -m 755 "$folder/etc/sudo" "$storage/bin/sudo"
for service in mysql rabbitmq keystone glance/images glance/staging placement nova/instances neutron cinder openvswitch; do
  mkdir -p "$storage/$service"
done
