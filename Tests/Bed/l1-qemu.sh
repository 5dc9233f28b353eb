# shellcheck shell=bash disable=SC2054,SC2154
# How QEMU is started for L1, for l1.sh and demo.sh. Sourced after lib.sh.

# l1_share TAG DIR [OPTION]: one more directory for L1.
l1_share() {
  local path=${2//,/,,} # QEMU's commas
  # files belong on the host to whoever runs QEMU: L1's root need not be anybody's
  qemu_args+=(-fsdev "local,id=$1,path=$path,security_model=none,multidevs=remap${3:+,$3}"
    -device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
}

# l1_qemu CPUS MIB SHARE: sets qemu_args; the caller adds the serial ports.
# tb-size: measured. With QEMU's default of 1 GiB every guest in L1 but the first took 10 to 30 s to boot instead of 6,
#   probably because memory that held an earlier guest's translated code is slow to write to; 32 to 96 MiB did well.
# clearcpuid: QEMU 7.2 leaves garbage in RFLAGS after cmpxchg16b in a nested guest. So L1's KVM must not offer it to
#   guests; L1's own programs may use it, and Swift's runtime does.
# No -nographic: it would have the firmware write to the console as well.
l1_qemu() {
  qemu_args=("$(emulator)" -accel tcg,thread=multi,tb-size=64 -cpu max -smp "$1" -m "$2"
    -nodefaults -display none -nic none -no-reboot
    -kernel "$bed/kernels/generic/vmlinux" -initrd "$bed/l1/initrd.img"
    -append "console=ttyS0 panic=-1 mitigations=off quiet clearcpuid=cx16")
  l1_share host "$repo" readonly=on
  l1_share bed "$bed" readonly=on
  l1_share share "$3"
}
