#!/bin/sh
# Called by mmdebstrap with the box's root, before it is packed: what Vagrant expects of a box, and no more than that.
set -eu
root=${1:?}
[ "$root" != / ] || exit 1
here=$(dirname "$(readlink -f "$0")")

chroot "$root" useradd --create-home --shell /bin/bash vagrant
# No password fits, and yet the account is not locked: sshd would let no key in.
chroot "$root" usermod --password "*" vagrant
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/vagrant"
chmod 440 "$root/etc/sudoers.d/vagrant"
# Vagrant's own, publicly known key: `vagrant up` replaces it by one of the machine's own.
install -d -m 700 "$root/home/vagrant/.ssh"
install -m 600 "$here/vagrant.pub" "$root/home/vagrant/.ssh/authorized_keys"
chroot "$root" sh -c "chown -R vagrant:vagrant ~vagrant"

echo isoreplay-lab >"$root/etc/hostname"
printf '127.0.0.1 localhost isoreplay-lab\n' >"$root/etc/hosts"
# The kernel mounts the root; to name it here would make the boot wait for udev.
: >"$root/etc/fstab"
# No two machines share a host key or an identity: both are made at the first boot.
rm -f "$root"/etc/ssh/ssh_host_*
: >"$root/etc/machine-id"

systemctl --root="$root" --quiet enable systemd-networkd.service ssh-keys.service openvswitch.timer
# ovs-vswitchd that starts in the first ten seconds of a kernel's life counts no handler threads, and every upcall is
# lost for good; the timer starts it later.
systemctl --root="$root" --quiet disable openvswitch-switch.service
# A machine that is there for minutes, without a screen, a second user or a battery.
systemctl --root="$root" --quiet set-default multi-user.target
systemctl --root="$root" --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  e2scrub_reap.service fstrim.timer getty@tty1.service serial-getty@ttyS0.service systemd-logind.service \
  systemd-pstore.service systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-random-seed.service \
  dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
  modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service \
  modprobe@fuse.service modprobe@loop.service
cp "$root"/boot/vmlinuz-* "$ISOREPLAY_BOX_PARTS/vmlinuz"
cp "$root"/boot/initrd.img-* "$ISOREPLAY_BOX_PARTS/initrd"
rm -rf "${root:?}"/boot/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
cp -R "$ISOREPLAY_BOX_PARTS/project/." "$root/"
