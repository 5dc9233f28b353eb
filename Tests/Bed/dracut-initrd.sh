#!/bin/bash
# Builds an initrd as EL distributions make it, dracut with systemd, for the bed's generic kernel.
#
#   dracut-initrd.sh [root|networkd]...    default: root
#
# root, guests/dracut.img, looks for a root file system. Kernel command lines that bring it to a recognisable line on the
# serial console soon (console=ttyS0 quiet, and):
#   systemd.show_status=1 systemd.log_color=0 rd.systemd.unit=poweroff.target
#       "Welcome to Debian GNU/Linux 12 (bookworm) dracut-059-4 (Initramfs)!", then powers off: the quickest
#   rd.break=cmdline
#       "dracut-cmdline[PID]: Warning: Break before cmdline", then waits at "Press Enter for maintenance" for a shell
#   rd.shell=0 rd.emergency=poweroff
#       no root= to find: "Warning: Boot has failed.", then powers off
#
# networkd, guests/dracut-networkd.img, takes an address by systemd-networkd when told ip=dhcp, and runs a verb of guest/do
# (swiftvm.do=VERB) beside dracut.
#
# Both want 512 MiB of memory or more.
set -eu
. "$(dirname "$0")/lib.sh"
need_tools dracut cpio depmod
[ -x /lib/systemd/systemd ] || die "systemd is not installed (install the packages of Tests/Bed/packages.txt)"
need_kernels

tree=$bed/kernels/generic
release=$(cat "$tree/release")
modules="base systemd systemd-initrd dracut-systemd rootfs-block kernel-modules"
[ $# -gt 0 ] || set -- root

# build IMAGE MODULES KEY OPTION...
build() {
  local image=$bed/guests/$1.img modules=$2 key
  key="$(readlink "$tree") dracut $(package_version dracut-core) systemd $(package_version systemd) $3$(key_of "$0")"
  shift 3
  if fresh "$image" "$key"; then return; fi
  # the build host's own configuration has no say in it
  mkdir "$work/conf.d" "$work/tmp"
  : > "$work/conf"
  dracut --quiet --force --conf "$work/conf" --confdir "$work/conf.d" --tmpdir "$work/tmp" \
    --no-hostonly --no-hostonly-cmdline --no-early-microcode --no-compress --reproducible \
    --modules "$modules" "$@" \
    --drivers "virtio_pci virtio_blk virtio_net button" --filesystems "ext4 xfs" \
    --kver "$release" --kmoddir "$tree/lib/modules/$release" "$work/dracut.img" 2> "$work/log" || {
    cat "$work/log" >&2
    die "dracut failed"
  }
  # a privileged build is unreadable to others otherwise; it holds nothing secret
  chmod 644 "$work/dracut.img"
  publish "$work/dracut.img" "$image" "$key"
  say "${image#"$bed/"}: $(stat -c %s "$image") bytes"
}

build_networkd() {
  local more=$work/more
  need_tools busybox dbus-daemon
  mkdir -p "$more"/{bin,etc/systemd/system/sysinit.target.wants}
  cp "$(command -v busybox)" "$more/bin/busybox"
  cp -r "$here/guest/do" "$more/do"
  cp "$here/dracut/verb" "$more/verb"
  chmod 755 "$more/verb"
  cp "$here/dracut/verb.service" "$more/etc/systemd/system/"
  ln -s ../verb.service "$more/etc/systemd/system/sysinit.target.wants/verb.service"
  build dracut-networkd "$modules systemd-networkd network" \
    "busybox $(package_version busybox-static) dracut-network $(package_version dracut-network) \
$(key_of "$here"/dracut/* "$here"/guest/do/*) " --include "$more" /
}

for variant; do
  only_one "dracut-$variant"
  case $variant in
    root) build dracut "$modules" "" ;;
    networkd) build_networkd ;;
    *) die "no initrd $variant" ;;
  esac
done
