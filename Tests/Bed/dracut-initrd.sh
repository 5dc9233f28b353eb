#!/bin/bash
# Builds guests/dracut.img: an initrd as EL distributions make it, dracut with systemd, for one of the bed's kernels.
#
#   dracut-initrd.sh [KERNEL]       default: generic
#
# Kernel command lines that bring it to a recognisable line on the serial console soon (console=ttyS0 quiet, and):
#   systemd.show_status=1 systemd.log_color=0 rd.systemd.unit=poweroff.target
#       "Welcome to Debian GNU/Linux 12 (bookworm) dracut-059-4 (Initramfs)!", then powers off: the quickest
#   rd.break=cmdline
#       "dracut-cmdline[PID]: Warning: Break before cmdline", then waits at "Press Enter for maintenance" for a shell
#   rd.shell=0 rd.emergency=poweroff
#       no root= to find: "Warning: Boot has failed.", then powers off
# It wants 512 MiB of memory or more.
set -eu
. "$(dirname "$0")/lib.sh"
need_tools dracut cpio depmod
[ -x /lib/systemd/systemd ] || die "systemd is not installed (install the packages of Tests/Bed/packages.txt)"
need_kernels

kernel=${1:-generic}
tree=$bed/kernels/$kernel
[ -e "$tree/release" ] || die "no kernel $kernel"
release=$(cat "$tree/release")

only_one dracut
key="$(readlink "$tree") dracut $(package_version dracut-core) systemd $(package_version systemd) $(key_of "$0")"
image=$bed/guests/dracut.img
if fresh "$image" "$key"; then exit 0; fi

# the build host's own configuration has no say in it
mkdir "$work/conf.d" "$work/tmp"
: > "$work/conf"
dracut --quiet --force --conf "$work/conf" --confdir "$work/conf.d" --tmpdir "$work/tmp" \
  --no-hostonly --no-hostonly-cmdline --no-early-microcode --no-compress --reproducible \
  --modules "base systemd systemd-initrd dracut-systemd rootfs-block kernel-modules" \
  --drivers "virtio_pci virtio_blk virtio_net button" --filesystems "ext4 xfs" \
  --kver "$release" --kmoddir "$tree/lib/modules/$release" "$work/dracut.img" 2> "$work/log" || {
  cat "$work/log" >&2
  die "dracut failed"
}
# a privileged build is unreadable to others otherwise; it holds nothing secret
chmod 644 "$work/dracut.img"
publish "$work/dracut.img" "$image" "$key"
say "guests/dracut.img: $(stat -c %s "$image") bytes"
