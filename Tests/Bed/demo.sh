#!/bin/bash
# Boots Debian's stock kernel under swiftvm, to a shell at a terminal, else to a greeting. No privilege needed.
#
#   demo.sh SWIFTVM         the binary, statically linked
#
# Runs on this machine's KVM where the CPU virtualises, else inside L1 (see l1.sh), whose console is then this terminal.
# Exit status: 0 when the guest came up and powered off in order.
set -eu
. "$(dirname "$0")/lib.sh"
[ $# = 1 ] || die "usage: demo.sh SWIFTVM"
swiftvm=$1
[ -x "$swiftvm" ] || die "$swiftvm is not there; 'make release' builds it"
need_kernels
"$here/guest-initrd.sh"
kernel="Debian's stock kernel $(cat "$bed/kernels/cloud/release")"

# why_nested: says why swiftvm cannot run here, or nothing when it can.
why_nested() {
  if [ ! -e /dev/kvm ]; then
    echo "this machine has no /dev/kvm"
  elif ! (exec 3<>/dev/kvm) 2>/dev/null; then
    echo "$(id -un) may not open /dev/kvm"
  elif ! grep -qwE '^flags.*(vmx|svm)' /proc/cpuinfo; then
    local flavour=
    [ ! -d /sys/module/kvm_pvm ] || flavour=" (its /dev/kvm is kvm_pvm)"
    echo "this CPU offers no VMX or SVM to us$flavour"
  fi
}

if [ -t 0 ] && [ -t 1 ]; then
  verb=shell
  keys="Every key goes to the guest, Ctrl-C too; type 'poweroff' there to end it, or Ctrl-A x here."
else
  verb=greet
  keys="No terminal to type at, so the guest greets and powers off."
fi
arguments="quiet swiftvm.do=$verb"
for dir in "$bed"/run/demo.*; do
  [ -d "/proc/${dir##*.}" ] || rm -rf "$dir" # of a demo that was killed
done
dir=$bed/run/demo.$$
mkdir -p "$dir"
terminal=$(stty -g 2>/dev/null || true)
trap '[ -z "$terminal" ] || stty "$terminal"; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

why=$(why_nested)
if [ -z "$why" ]; then
  say "demo: $kernel under $swiftvm, on this machine's /dev/kvm. $keys"
  command=("$swiftvm" run -k "$bed/kernels/cloud/vmlinuz" -i "$bed/guests/initrd.img" -a "$arguments")
  if [ "$verb" = shell ]; then
    # what a person sees needs no check
    status=0
    "${command[@]}" || status=$?
    exit "$status"
  fi
  "${command[@]}" </dev/null | tee "$dir/console.log"
  status=${PIPESTATUS[0]}
else
  say "demo: $why, so $kernel runs under $swiftvm inside a machine that QEMU emulates: slower, but the real thing." \
    "Some 20 s. $keys"
  need_tools qemu-system-x86_64 setpriv
  "$here/l1-initrd.sh"
  mkdir "$dir/share"
  cp "$swiftvm" "$dir/share/swiftvm"
  : > "$dir/share/.mounts"
  # what L1's init does instead of waiting for jobs
  cat > "$dir/share/.demo" <<END
echo 0 > /proc/sys/kernel/printk # its own power-off is not worth a line
setsid -w cttyhack /share/swiftvm run -k /bed/kernels/cloud/vmlinuz -i /bed/guests/initrd.img -a "$arguments" --boot-hint 0
echo \$? > /share/status
END
  . "$here/l1-qemu.sh"
  l1_qemu 2 4096 "$dir/share"
  qemu_args+=(-chardev "stdio,id=console,signal=off,logfile=$dir/console.log" -serial chardev:console)
  [ "$verb" = shell ] || qemu_args=(timeout 300 "${qemu_args[@]}")
  # not in the foreground: a shell that waits for its child hears signals at once
  setpriv --pdeathsig TERM "${qemu_args[@]}" <&0 &
  qemu=$!
  trap 'kill "$qemu"; wait "$qemu" || true; exit 143' TERM HUP INT
  wait "$qemu" || true
  status=$(cat "$dir/share/status" 2>/dev/null || echo 125)
fi
[ "$status" = 0 ] || say "error: $swiftvm ended with status $status"
grep -qs '^swiftvm-guest: up' "$dir/console.log" || die "the guest did not come up"
exit "$status"
