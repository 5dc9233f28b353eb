#!/bin/bash
# Builds l1/initrd.img, the root file system of L1: busybox, dash, the init of l1/, iproute2, nft, and the modules for KVM,
# vhost, bridges, NAT and shared directories.
#
# L1 runs the generic kernel: the cloud kernel has no 9p, so it could share no directory with the host.
# Started from its ELF image it spares the emulator the unpacking, about 3 s.
set -eu
. "$(dirname "$0")/lib.sh"
# busybox's shell and its programs that start others would start busybox's own ip, which makes no TAP devices: so these
# are the host's. script gives a job a terminal.
programs="dash ip bridge nft dnsmasq env find iperf3 nice nohup nsenter passt script setpriv setsid socat taskset timeout unshare xargs"
# shellcheck disable=SC2086 # a list of names
need_tools busybox cpio depmod modprobe ldd $programs
need_kernels

modules="virtio_pci virtio_blk 9pnet_virtio 9p irqbypass kvm kvm-amd tun vhost_iotlb vhost tap vhost_net vhost_vsock llc stp bridge veth
  macvtap 8021q nf_conntrack nf_nat nf_tables nft_chain_nat nft_nat nft_masq nft_ct
  nft_fib_inet nft_reject_inet br_netfilter"

only_one l1
# shellcheck disable=SC2046,SC2086 # lists of names
key="$(readlink "$bed/kernels/generic") $(key_of "$0" "$here/lib.sh" "$here"/l1/*) busybox $(package_version busybox-static) \
libc $(package_version libc6) programs $(stat -Lc '%n %s %Y' $(command -v $programs) | key_of)"
image=$bed/l1/initrd.img
if fresh "$image" "$key"; then exit 0; fi

root=$work/root
mkdir -p "$root"/{bin,dev,etc,proc,root,sbin,sys,lib/modules,usr/bin,usr/sbin}
cp "$(command -v busybox)" "$root/bin/busybox"
# A processor that knows AVX2 is served by a program beside it.
variant=$(readlink -f "$(command -v passt)").avx2
[ ! -e "$variant" ] || add_program "$root" "$variant"
for name in $programs; do
  file=$(command -v "$name")
  add_program "$root" "$file"
  [ -e "$root/bin/$name" ] || ln -s "$file" "$root/bin/$name"
done
ln -s dash "$root/bin/sh"
for name in $(busybox --list); do
  [ -e "$root/bin/$name" ] || [ -L "$root/bin/$name" ] || ln -s busybox "$root/bin/$name"
done
# shellcheck disable=SC2086 # a list of names
for file in $(modules_of generic $modules); do
  cp "$file" "$root/lib/modules/"
  echo "/lib/modules/${file##*/}"
done > "$root/etc/modules"
cp "$here/l1/init" "$root/init"
# dnsmasq gives up root's rights for this user's.
printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'nobody:x:65534:65534:nobody:/:/bin/false' > "$root/etc/passwd"
sed 's/#.*//' "$here/l1/hold-vm.hex" | busybox xxd -r -p > "$root/bin/hold-vm"
chmod 755 "$root/init" "$root/bin/hold-vm"
pack "$root" "$work/initrd.img"
publish "$work/initrd.img" "$image" "$key"
say "l1/initrd.img: $(stat -c %s "$image") bytes"
