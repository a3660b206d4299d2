#!/bin/sh
# The guest's first process. The root stays as it was built: what is written goes to memory, and is gone with the guest.
# The job comes on the second disk, what it leaves goes to the third as a tar archive, its words go to the second
# serial port.
set -e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8

if [ "$1" != inside ]; then
  modprobe overlay
  mount -n -t tmpfs -o mode=0755 tmpfs /mnt
  mkdir /mnt/upper /mnt/work /mnt/root
  mount -n -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
  for folder in dev proc sys run; do mount -n --move "/$folder" "/mnt/root/$folder"; done
  cd /mnt/root
  mkdir old
  # Not only chroot: whoever enters the mounts of a process later would be outside of it.
  pivot_root . old
  exec chroot . "$0" inside
fi

mount -t tmpfs tmpfs /tmp
mkdir /job /tmp/results
mount -o ro /dev/vdb /job
ip link set lo up
cut -d' ' -f1 /proc/uptime > /tmp/results/boot-seconds
uname -r > /tmp/results/kernel
# An ovs-vswitchd that starts in the first ten seconds of a system's uptime gets no threads for the kernel's questions: to
# the job the system has been up for an hour.
status=0
(cd /tmp/results && exec unshare --time --fork --monotonic 3600 --boottime 3600 sh /job/job.sh) >/dev/ttyS1 2>&1 ||
  status=$?
echo "$status" > /tmp/results/status
tar -cf /dev/vdc -C /tmp/results .
sync
echo o > /proc/sysrq-trigger
sleep 60
