#!/bin/bash
# Builds guests/initrd.img: busybox, the init of guest/, and the modules a virtual machine's guest may want, for each of
# the bed's kernels. Not compressed: unpacking costs a guest more time than reading.
#
#   guest-initrd.sh [KERNEL...]     default: cloud generic
#
# What the guest does is said on its command line; see guest/init and guest/do.
# A test that needs more in its guest appends a second cpio archive: the kernel unpacks one after the other.
set -eu
. "$(dirname "$0")/lib.sh"
need_tools busybox cpio depmod modprobe
need_kernels

modules="button evdev virtio_pci virtio_blk virtio_net 8021q virtio_console virtio-rng ext4 virtio_balloon vmw_vsock_virtio_transport pvpanic-mmio"
[ $# -gt 0 ] || set -- cloud generic

only_one guest
key="busybox $(package_version busybox-static) $(key_of "$0" "$here/lib.sh" "$here"/guest/init "$here"/guest/do/*)"
for kernel; do key="$key $(readlink "$bed/kernels/$kernel")"; done
image=$bed/guests/initrd.img
if fresh "$image" "$key"; then exit 0; fi

root=$work/root
mkdir -p "$root"/{bin,dev,proc,sys,root,tmp,etc}
cp "$(command -v busybox)" "$root/bin/busybox"
for name in $(busybox --list); do
  [ "$name" = busybox ] || ln -s busybox "$root/bin/$name"
done
cp -r "$here/guest/." "$root/"
chmod 755 "$root/init"
for kernel; do
  release=$(cat "$bed/kernels/$kernel/release")
  # shellcheck disable=SC2086 # a list of names
  for file in $(modules_of "$kernel" $modules); do
    name=${file#"$bed/kernels/$kernel"}
    mkdir -p "$root${name%/*}"
    cp "$file" "$root$name"
  done
  cp "$bed/kernels/$kernel/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$root/lib/modules/$release/"
  depmod -b "$root" "$release"
  # busybox reads modules.dep alone
  find "$root/lib/modules/$release" -maxdepth 1 -name 'modules.*' ! -name modules.dep -delete
done
ln -s bin "$root/sbin"
pack "$root" "$work/initrd.img"
publish "$work/initrd.img" "$image" "$key"
say "guests/initrd.img: $(stat -Lc %s "$image") bytes"
