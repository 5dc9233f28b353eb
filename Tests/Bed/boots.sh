#!/bin/bash
# How often a stock kernel comes up in the nested machine: what a test may ask of the emulation is measured, not guessed.
#
#   boots.sh [--cpus N] [--count N] [--vmm swiftvm|qemu] [--emulator PROGRAM]
#
# Boots N vCPUs (4) COUNT times (100), one guest after the other, under swiftvm or under QEMU in L1, and L1 under the QEMU
# PROGRAM (else the bed's). An L1 that is lost is started afresh. Prints a line for each guest that did not
# come up, with a file that has what was said, and the count with its 95 % confidence interval (Wilson's) at the end.
set -eu
. "$(dirname "$0")/lib.sh"

cpus=4 count=100 vmm=swiftvm
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || die "$1 wants a value"
  case $1 in
    --cpus) cpus=$2 ;;
    --count) count=$2 ;;
    --vmm) vmm=$2 ;;
    --emulator) export SWIFTVM_QEMU=$2 ;;
    *) die "unknown option $1" ;;
  esac
  shift 2
done

line='console=ttyS0 quiet swiftvm.do=poweroff'
case $vmm in
  swiftvm)
    command="/host/bin/swiftvm run --boot-hint 0 --on-reboot exit -k /bed/kernels/cloud/vmlinuz \
      -i /bed/guests/initrd.img -c $cpus -m 512 --append-only '$line'" ;;
  qemu)
    "$here/qemu-in-l1.sh"
    command="/bed/peer/qemu -accel kvm -cpu host -M pc -smp $cpus -m 512 -nodefaults -display none -no-reboot \
      -serial stdio -kernel /bed/kernels/cloud/vmlinuz -initrd /bed/guests/initrd.img -append '$line'" ;;
  *) die "--vmm is swiftvm or qemu" ;;
esac

"$here/guest-initrd.sh"
"$here/emulator.sh"
export SWIFTVM_L1=boots-$$
l1=$here/l1.sh
logs=$bed/boots/$(date +%Y%m%dT%H%M%S)-$vmm-$cpus
mkdir -p "$logs"
trap '"$l1" stop' EXIT

up=0
for ((boot = 1; boot <= count; boot++)); do
  "$l1" start --owner $$ --lifetime 86400
  status=0
  echo "$command </dev/null" | "$l1" run --timeout 200 > "$logs/$boot" 2>&1 || status=$?
  if [ $status = 0 ] && grep -q "swiftvm-guest: up $cpus cpus" "$logs/$boot"; then
    up=$((up + 1))
    rm "$logs/$boot"
    continue
  fi
  echo "boot $boot: status $status, $logs/$boot"
  # 124 and 125 are l1.sh's own: a guest that hung, an L1 that was lost
  [ $status -lt 124 ] || { cat "$bed/run/$SWIFTVM_L1/console.log" >> "$logs/$boot"; "$l1" stop; }
done
awk -v up="$up" -v n="$count" -v what="$vmm, $cpus vCPUs, L1 of $("$(emulator)" --version | head -n 1)" 'BEGIN {
  z = 1.96; p = up / n; d = 1 + z * z / n; m = (p + z * z / (2 * n)) / d
  h = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / d
  printf "%s: %d of %d came up (95 %%: %.3f to %.3f)\n", what, up, n, (m - h < 0 ? 0 : m - h), (m + h > 1 ? 1 : m + h) }'
