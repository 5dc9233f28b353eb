#!/bin/sh
# Runs in L1: a guest of swiftvm and one of QEMU, each with the same disks, do the same work in turns. Which of the two
# starts first, and so where it lies in the emulated machine, makes a difference: so all is measured twice, the other way
# round the second time.
#
#   disk.sh MODE            tmpfs: files in memory; null: a block device that does nothing (null_blk)
#
# Prints a line for each kind of work: what, microseconds per request of ours and of QEMU's (medians), the median of the
# ratios within pairs. For depth 32 another one: exits to user space per request of ours, as swiftvm counts them.
# Exit status 3: a guest was lost.
set -eu
. /host/Tests/Bed/lines.sh
mode=$1
# of each kind of work, each time
turns=${TURNS:-3}
seconds=${SECONDS_EACH:-1}
cd "$(mktemp -d)"
line='console=ttyS0 panic=-1 mitigations=off quiet swiftvm.load=virtio_pci,virtio_blk swiftvm.do=work'
root=/bed/guests/root-ext4.img
case $mode in
  tmpfs)
    for file in ours peer; do dd if=/dev/zero of="$file" bs=1M count=64 2> /dev/null; done
    ours=$PWD/ours peer=$PWD/peer
    size=64M ours_options=${OURS:-} peer_options=${PEER:-aio=io_uring,cache=writeback} ;;
  null)
    modules=$(ls -d /bed/kernels/generic/lib/modules/*)/kernel
    [ ! -e "$modules/fs/configfs/configfs.ko" ] || insmod "$modules/fs/configfs/configfs.ko" 2> /dev/null || true
    [ -e /dev/nullb0 ] || insmod "$modules/drivers/block/null_blk/null_blk.ko" nr_devices=2 gb=4
    ours=/dev/nullb0 peer=/dev/nullb1
    size=1G ours_options=${OURS:-cache=none} peer_options=${PEER:-aio=io_uring,cache=none} ;;
esac

# Descriptors 3 and 4 are their consoles' input.
mkfifo ours.in peer.in
exec 3<>ours.in 4<>peer.in

start_ours() {
  /host/bin/swiftvm run -k /bed/kernels/cloud/vmlinuz -i /bed/guests/initrd.img -m 512 -c 1 --boot-hint 0 \
    --on-reboot exit --exit-stats -d "$root,readonly=on" -d "$ours${ours_options:+,$ours_options}" \
    --append-only "$line" <&3 > ours.out 2> ours.err &
  ours_process=$!
}

start_peer() {
  /bed/peer/qemu -accel kvm -cpu host -M "${MACHINE:-pc}" -smp 1 -m 512 -nodefaults -display none -no-reboot \
    -serial stdio -kernel /bed/kernels/cloud/vmlinuz -initrd /bed/guests/initrd.img -append "$line" \
    -object iothread,id=io \
    -drive "file=$root,if=none,id=root,format=raw,readonly=on,file.locking=off" -device virtio-blk-pci,drive=root \
    -drive "file=$peer,if=none,id=disk,format=raw,discard=unmap,$peer_options" \
    -device virtio-blk-pci,drive=disk,iothread=io <&4 > peer.out 2> peer.err &
  peer_process=$!
}

ours_process='' peer_process=''
end_both() {
  # shellcheck disable=SC2086 # none, or both
  kill -KILL $ours_process $peer_process 2> /dev/null || true
  wait
}
trap end_both EXIT

await() { # FILE PATTERN COUNT
  waited=0
  until [ "$(whole_lines "$1" "$2")" -ge "$3" ]; do
    waited=$((waited + 1))
    if [ "$waited" -ge 3000 ] || ! kill -0 "$ours_process" || ! kill -0 "$peer_process"; then
      echo "disk.sh: $1: no $2" >&2
      tail -n 5 ours.err ours.out peer.err peer.out >&2
      exit 3
    fi
    usleep 20000
  done
}
# ask NAME DESCRIPTOR ARGUMENTS: has a guest work, and prints its answer.
ask() {
  count=$(($(whole_lines "$1.out" '^work: ') + 1))
  echo "$3" >&"$2"
  await "$1.out" '^work: ' "$count"
  grep '^work: ' "$1.out" | tail -n 1 | tr -d '\r'
}

# microseconds ANSWER: per request.
microseconds() { echo "$1" | awk '{ rate = $4 + $6; if ($2 != 0 || rate == 0) exit 1; printf "%.1f\n", 1000000 / rate }'; }

# exits: to user space, of ours so far.
exits() {
  told=$(whole_lines ours.err '^vcpu-0: ')
  kill -USR1 "$ours_process"
  await ours.err '^vcpu-0: ' $((told + 1))
  grep '^vcpu-0: ' ours.err | tail -n 1 | awk '{ print $2 }'
}

median() { sort -n | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'; }

# work FILES WHAT KIB ARGUMENTS: measures one kind of work, and appends the figures to FILES.*
work() {
  arguments="--filename=/dev/vdb --direct=1 --size=$size --time_based --runtime=$seconds --ramp_time=200ms $4"
  # What it takes to ask in as many characters, to start fio and to answer is not the requests'.
  before=$(exits)
  ask ours 3 "$(printf "%-${#arguments}s" "--filename=/dev/vdb --direct=1 --size=4k --bs=4k --rw=read")" > /dev/null
  overhead=$(($(exits) - before))
  [ -e "$1.what" ] || echo "$1" >> kinds
  echo "$2" > "$1.what"
  for _ in $(seq "$turns"); do
    before=$(exits)
    answer=$(ask ours 3 "$arguments")
    after=$(exits)
    first=$(microseconds "$answer") || { echo "disk.sh: $2: ours: $answer" >&2; exit 1; }
    # without those of the time before the measurement, so more per request than there were
    echo "$((after - before - overhead)) $answer" | awk -v kib="$3" '{ print $1 / (($4 + $6) / kib) }' >> "$1.exits"
    answer=$(ask peer 4 "$arguments")
    second=$(microseconds "$answer") || { echo "disk.sh: $2: peer: $answer" >&2; exit 1; }
    echo "$first" >> "$1.ours"
    echo "$second" >> "$1.peer"
    echo "$first $second" | awk '{ print $1 / $2 }' >> "$1.ratio"
  done
}

work_all() {
  for rw in randread randwrite; do
    for depth in 1 32; do
      work "$rw-$depth" "4 KiB $rw, depth $depth" 4 "--rw=$rw --bs=4k --iodepth=$depth --ioengine=libaio"
    done
  done
  for rw in read write; do
    work "$rw" "1 MiB sequential $rw, depth 4" 1024 "--rw=$rw --bs=1m --iodepth=4 --ioengine=libaio"
  done
}

for first in ours peer; do
  : > ours.out
  : > ours.err
  : > peer.out
  : > peer.err
  if [ $first = ours ]; then
    start_ours
    start_peer
  else
    start_peer
    start_ours
  fi
  await ours.out 'work: ready' 1
  await peer.out 'work: ready' 1
  work_all
  end_both
done

while read -r files; do
  what=$(cat "$files.what")
  echo "$what: us per request	$(median < "$files.ours")	$(median < "$files.peer")	$(median < "$files.ratio")"
  case $files in *-32) echo "$what: exits to user space per request	$(median < "$files.exits")" ;; esac
done < kinds
cat peer.err >&2
