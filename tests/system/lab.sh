#!/bin/bash
# lab.sh: the inside of a lab (lab.py): a machine of its own made of this one, in private mount, pid and net namespaces.
# Its root is an overlay: the files of $LAB_BASE below, those of $LAB_FILES and whatever is written on top, in a tmpfs. So
# /usr/bin, /etc/docker and /run/subcard are the real paths inside and this machine sees none of it. All of it ends with
# process 1 of the pid namespace, this script.
#   LAB_SCRATCH   directory on a real file system: the lab's /home/docker, /var/lib/docker and /var/lib/subcard
#   LAB_BASE      "/" or the folder of another Debian       LAB_FILES  tree to put on top, may be empty
#   LAB_CGROUP    "" = as this machine has it, "v2" = a cgroup2 alone at /sys/fs/cgroup
#   LAB_BIND      "FROM:TO ..." directories to show inside
set -euo pipefail
s=$LAB_SCRATCH
mkdir -p "$s/top" "$s/home" "$s/docker" "$s/subcard"
mount -t tmpfs -o size=1g,mode=755 lab "$s/top"
cd "$s/top"
mkdir upper work root
[ -z "$LAB_FILES" ] || cp -a "$LAB_FILES/." upper/
mount -t overlay overlay -o "lowerdir=$LAB_BASE,upperdir=upper,workdir=work" root
cd root
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
if [ "$LAB_CGROUP" = v2 ] && [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
        umount -R -l sys/fs/cgroup
        mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
rm -rf etc/docker
mkdir -p run/lock etc/docker home/docker var/lib/docker var/lib/subcard mnt
mount --bind "$s/home" home/docker
mount --bind "$s/docker" var/lib/docker
mount --bind "$s/subcard" var/lib/subcard
for b in $LAB_BIND; do mkdir -p ".${b#*:}"; mount --bind "${b%:*}" ".${b#*:}"; done
for f in etc/resolv.conf etc/hosts; do [ ! -e "/$f" ] || { rm -f "$f"; cat "/$f" >"$f"; }; done
ip link set lo up
pivot_root . mnt
cd /
umount -l /mnt
echo "lab ready"
exec >/dev/null 2>&1 </dev/null
# bash reaps what is orphaned in here
while :; do sleep 3600 & wait $! || :; done
