#!/bin/bash
# Copies the host's QEMU with its libraries and firmware into the bed's peer/, for L1 to run beside swiftvm.
#
#   qemu-in-l1.sh           makes peer/; in L1 then: /bed/peer/qemu -accel kvm -M pc|q35|microvm ...
#   qemu-in-l1.sh check     also boots the cloud kernel under it, once with each machine, in the running L1
set -eu
. "$(dirname "$0")/lib.sh"
need_tools qemu-system-x86_64 ldd

only_one peer
key="qemu $(package_version qemu-system-x86) $(package_version qemu-system-data) seabios $(package_version seabios) \
libc $(package_version libc6) $(key_of "$0" "$here/lib.sh")"
peer=$bed/peer
if ! fresh "$peer" "$key"; then
  root=$work/peer
  mkdir -p "$root/lib" "$root/firmware"
  program=$(command -v qemu-system-x86_64)
  cp -L "$program" "$root/qemu-system-x86_64"
  for file in $(ldd "$program" | grep -o '/[^ ]*'); do cp -L "$file" "$root/lib/"; done
  for name in bios-256k.bin bios-microvm.bin qboot.rom kvmvapic.bin linuxboot.bin linuxboot_dma.bin multiboot.bin \
    multiboot_dma.bin pvh.bin efi-virtio.rom; do
    for directory in /usr/share/qemu /usr/share/seabios /usr/lib/ipxe/qemu; do
      [ ! -e "$directory/$name" ] || cp -L "$directory/$name" "$root/firmware/"
    done
  done
  cat > "$root/qemu" <<'END'
#!/bin/sh
# its own loader and libraries, whatever the machine has
peer=${0%/*}
exec "$peer/lib/ld-linux-x86-64.so.2" --library-path "$peer/lib" "$peer/qemu-system-x86_64" -L "$peer/firmware" "$@"
END
  chmod 755 "$root/qemu"
  rm -rf "$peer"
  publish "$root" "$peer" "$key"
  say "peer: $(du -sm "$peer" | cut -f1) MiB"
fi
[ "${1:-}" = check ] || exit 0
# others may build while L1 is busy
flock -u 8

"$here/guest-initrd.sh"
for machine in microvm pc q35; do
  "$here/l1.sh" run --timeout 300 <<END
read -r start _ < /proc/uptime
/bed/peer/qemu -accel kvm -cpu host -M $machine -smp 1 -m 512 -nodefaults -display none -no-reboot -serial stdio \
  -kernel /bed/kernels/cloud/vmlinuz -initrd /bed/guests/initrd.img \
  -append 'console=ttyS0 panic=-1 mitigations=off quiet swiftvm.do=poweroff' > /tmp/out
read -r end _ < /proc/uptime
grep -q 'swiftvm-guest: up 1 cpus' /tmp/out || { cat /tmp/out; exit 1; }
echo "$machine: \$(echo "\$start \$end" | awk '{ printf "%.1f s", \$2 - \$1 }')"
END
done
