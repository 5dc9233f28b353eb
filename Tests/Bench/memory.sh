#!/bin/sh
# Runs in L1: a stock kernel's machine with a disk and a network card, once its init is there. What it has in memory of its
# own, as own-memory.awk counts.
cd /tmp || exit 1
mkfifo memory.said
/tmp/swiftvm run -k /tmp/vmlinuz -i /tmp/initrd.img -m 512 -c 1 --boot-hint 0 \
    --append-only 'console=ttyS0 panic=-1 quiet swiftvm.do=idle' -d /tmp/disk.ours -n tap=tap0 > memory.said < /dev/null &
machine=$!
grep -q -m 1 'swiftvm-guest: up' memory.said || exit 1
awk -v guest=524288 -f /host/Tests/Bench/own-memory.awk "/proc/$machine/smaps"
kill -KILL "$machine"
