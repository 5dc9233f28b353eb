#!/bin/sh
# Runs in L1: a guest of swiftvm and one of QEMU beside each other, each with a card whose frames go through the process
# and one with vhost-net, measured in turns. Which of the two starts first, and so where it lies in the emulated machine,
# makes a difference of up to a third: so all is measured twice, the other way round the second time.
#
#   net.sh ROUNDS
#
# swiftvm, peer/qemu and vmlinuz lie in /tmp. Prints, for each measurement and round: WHAT<tab>OURS<tab>PEER, in kbit/s
# that arrived. Exit status 3: a guest was lost.
. /host/Tests/Bed/network.sh
rounds=$1
cp /bed/guests/network.img /tmp
line='console=ttyS0 panic=-1 mitigations=off quiet swiftvm.do=serve'
for card in 0 1 2 3; do tap $card; done

# start_ours CARD: with this one and the next
start_ours() {
    /tmp/swiftvm run -k /tmp/vmlinuz -i /tmp/network.img -m 512 -c 1 --boot-hint 0 --on-reboot exit \
        --append-only "$line swiftvm.first=$1" -n "tap=tap$1,vhost=off" -n "tap=tap$(($1 + 1)),vhost=on" \
        > /tmp/ours.log 2>&1 < /dev/null &
    machines="$machines $!"
}

start_peer() {
    # shellcheck disable=SC2046 # options
    /tmp/peer/qemu -accel kvm -cpu host -M pc -smp 1 -m 512 -nodefaults -display none -no-reboot -serial stdio \
        -kernel /tmp/vmlinuz -initrd /tmp/network.img -append "$line swiftvm.first=$1" \
        $(netdev "$1" off) $(netdev $(($1 + 1)) on) > /tmp/peer.log 2>&1 < /dev/null &
    machines="$machines $!"
}

netdev() {
    echo "-netdev tap,id=net$1,ifname=tap$1,script=no,downscript=no,vhost=$2" \
        "-device virtio-net-pci,netdev=net$1,disable-legacy=on,romfile=,rx_queue_size=512,mac=02:00:00:00:00:0$1"
}

# Until both guests serve.
await_both() {
    for log in ours peer; do
        until grep -q 'serves on 2 cards' "/tmp/$log.log"; do
            for machine in $machines; do
                kill -0 "$machine" || { tail -n 20 "/tmp/$log.log" >&2; exit 1; }
            done
            usleep 100000
        done
    done
}

end_both() {
    # shellcheck disable=SC2086 # a list
    kill -KILL $machines
    # shellcheck disable=SC2086
    wait $machines
    # The next guests have other addresses.
    ip neigh flush all
}

# rate CARD OPTION...: what arrived, in kbit/s
rate() {
    address=10.0.$1.2
    shift
    timeout 60 iperf3 -c "$address" -f k -i 0 -t 2 "$@" | awk '/receiver/ { print $7; found = 1 } END { exit !found }'
}

# lost CARD: ends the script where a guest does not answer any more
lost() {
    echo "net.sh: $what: the guest of card $1 is lost; $ours is ours" >&2
    tail -n 5 /tmp/ours.log /tmp/peer.log >&2
    end_both
    exit 3
}

# measure WHAT CARD OPTION...: CARD is 0 or 1
measure() {
    what=$1 ours=$(($2 + first)) peer=$(($2 + 2 - first))
    shift 2
    if [ $((round % 2)) = 0 ]; then
        mine=$(rate $ours "$@") || lost $ours
        theirs=$(rate $peer "$@") || lost $peer
    else
        theirs=$(rate $peer "$@") || lost $peer
        mine=$(rate $ours "$@") || lost $ours
    fi
    printf '%s\t%s\t%s\n' "$what" "$mine" "$theirs"
}

measure_all() {
    for card in 0 1; do
        way=without
        [ $card = 0 ] || way=with
        measure "TCP to the guest, $way vhost" $card
        measure "TCP from the guest, $way vhost" $card -R
        measure "UDP of 64 bytes to the guest, $way vhost" $card -u -b 0 -l 64
        measure "UDP of 64 bytes from the guest, $way vhost" $card -u -b 0 -l 64 -R
    done
}

# first: our first card
for first in 0 2; do
    machines=
    : > /tmp/ours.log
    : > /tmp/peer.log
    if [ $first = 0 ]; then
        start_ours 0
        start_peer 2
    else
        start_peer 0
        start_ours 2
    fi
    await_both
    round=0
    while [ $round -lt "$rounds" ]; do
        measure_all
        round=$((round + 1))
    done
    end_both
done
exit 0
