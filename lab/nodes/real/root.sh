#!/bin/sh
# The first process of a real node, in mount and network namespaces that `unshare` has just made: gives the node a root
# file system and a network of its own, then becomes the program that is given. All of it goes with the last process.
#
#   root.sh <the node's folder> <address of the node> <range of Services> [<folder>...] -- <program> [<argument>...]
#
# The node's folder has an empty folder `root`, replacements of kernel settings in `kernel-settings`, and `log`, which
# becomes /var/log. The folders that follow stay writable at their paths; the rest of the machine can only be read.
set -eu
node=$1 address=$2 services=$3
shift 3
root=$node/root settings=$node/kernel-settings

mount -t tmpfs -o mode=755,size=64m node "$root"
for path in /*; do
  name=${path#/}
  case $name in
    proc | sys | dev | run | tmp | var | lost+found) continue ;;
  esac
  if [ -L "$path" ]; then
    cp -P "$path" "$root/$name"
  elif [ -d "$path" ]; then
    mkdir "$root/$name"
    mount --rbind "$path" "$root/$name"
    mount -o remount,bind,ro "$root/$name"
  fi
done

mkdir "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp" "$root/var"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount -t tmpfs -o mode=755 var "$root/var"
ln -s /run "$root/var/run"
mkdir "$root/var/lib" "$root/var/log" "$root/run/lock"
mount --bind "$node/log" "$root/var/log"

while [ "$1" != -- ]; do
  mkdir -p "$root$1"
  mount --bind "$1" "$root$1"
  # What lies in a folder that can only be read took that over.
  mount -o remount,bind,rw "$root$1"
  shift
done
shift

# The kubelet wants settings that hold for the whole machine. It finds them here as it wants them, and changes nothing.
(cd "$settings" && find . -type f) | while read -r file; do
  if [ -e "$root/proc/sys/$file" ]; then mount --bind "$settings/$file" "$root/proc/sys/$file"; fi
done

cd "$root"
mkdir .machine
pivot_root . .machine
umount -l /.machine
rmdir /.machine
# Mounts that the kubelet makes reach the pods that ask for it, and nobody else.
mount --make-rshared /

ip link set lo up
ip address add "$address/32" dev lo
# Without a route, the node's own connections to Services would fail before kube-proxy's rules redirect them.
ip route add "$services" dev lo src "$address"
echo 1 >/proc/sys/net/ipv4/ip_forward

cd /
exec "$@"
