#!/bin/sh
# Runs in L1: a guest of swiftvm and one of QEMU beside each other, each with a card whose frames go through the process
# and one with vhost-net, measured in turns.
#
#   net.sh ROUNDS
#
# swiftvm, peer/qemu and vmlinuz lie in /tmp. Prints, for each measurement and round: WHAT<tab>OURS<tab>PEER, in kbit/s that arrived.
. /host/Tests/Bed/network.sh
rounds=$1
cp /bed/guests/network.img /tmp
line='console=ttyS0 panic=-1 mitigations=off quiet swiftvm.do=serve'
for card in 0 1 2 3; do tap $card; done

netdev() { echo "-netdev tap,id=net$1,ifname=tap$1,script=no,downscript=no,vhost=$2" \
    "-device virtio-net-pci,netdev=net$1,disable-legacy=on,romfile=,rx_queue_size=512,mac=02:00:00:00:00:0$1"; }

/tmp/swiftvm run -k /tmp/vmlinuz -i /tmp/network.img -m 512 -c 1 --boot-hint 0 --append-only "$line swiftvm.first=0" \
    -n tap=tap0,vhost=off -n tap=tap1,vhost=on > /tmp/ours.log 2>&1 < /dev/null &
machines=$!
# shellcheck disable=SC2046 # options
/tmp/peer/qemu -accel kvm -cpu host -M pc -smp 1 -m 512 -nodefaults -display none -no-reboot -serial stdio \
    -kernel /tmp/vmlinuz -initrd /tmp/network.img -append "$line swiftvm.first=2" $(netdev 2 off) $(netdev 3 on) \
    > /tmp/peer.log 2>&1 < /dev/null &
machines="$machines $!"
for log in ours peer; do
    until grep -q 'serves on 2 cards' "/tmp/$log.log"; do
        for machine in $machines; do
            kill -0 "$machine" || { tail -n 20 "/tmp/$log.log" >&2; exit 1; }
        done
        usleep 100000
    done
done

# rate ADDRESS OPTION...: what arrived, in kbit/s
rate() {
    address=$1
    shift
    iperf3 -c "$address" -f k -i 0 -t 2 "$@" | awk '/receiver/ { print $7 }'
}

# measure WHAT CARD OPTION...: CARD is ours; the peer's is two numbers on
measure() {
    what=$1 card=$2
    shift 2
    if [ $((round % 2)) = 0 ]; then
        first=$(rate "10.0.$card.2" "$@")
        second=$(rate "10.0.$((card + 2)).2" "$@")
    else
        second=$(rate "10.0.$((card + 2)).2" "$@")
        first=$(rate "10.0.$card.2" "$@")
    fi
    printf '%s\t%s\t%s\n' "$what" "$first" "$second"
}

round=0
while [ "$round" -lt "$rounds" ]; do
    for card in 0 1; do
        way=without
        [ $card = 0 ] || way=with
        measure "TCP to the guest, $way vhost" $card
        measure "TCP from the guest, $way vhost" $card -R
        measure "UDP of 64 bytes to the guest, $way vhost" $card -u -b 0 -l 64
        measure "UDP of 64 bytes from the guest, $way vhost" $card -u -b 0 -l 64 -R
    done
    round=$((round + 1))
done
# shellcheck disable=SC2086 # a list
kill $machines
