# Functions for tests of networks. Read by bash in network, mount and process namespaces of its own, with $vm (the
# executable), $guests (the bare-metal guests' folder) and $bed (what is fetched for tests) set: nothing here reaches the
# host, and all processes end with the script.
set -eu
mount -t tmpfs tmpfs /run
mkdir /run/netns
ip link set lo up

# add_world: the world outside, in a namespace behind eth0, with a web server.
add_world() {
    ip netns add world
    ip link add eth0 type veth peer name up0 netns world
    ip address add 203.0.113.1/24 dev eth0
    ip address add 2001:db8::1/64 dev eth0 nodad
    ip link set eth0 up
    ip -n world address add 203.0.113.2/24 dev up0
    ip -n world address add 2001:db8::2/64 dev up0 nodad
    ip -n world link set up0 up
    ip -n world link set lo up
    mkdir /run/world
    head -c 20000000 /dev/urandom > /run/world/large
    ip netns exec world busybox httpd -p 80 -h /run/world
}

# machine NAME OPTION...: starts one that idles, and waits until it runs. Its number is in ${machines[NAME]}.
declare -A machines
machine() {
    local name=$1
    shift
    # One of the name may have been there before.
    rm -f "/run/$name.log"
    "$vm" run -v --flat "$guests/idle.bin" -m 16 --serial null --boot-hint 0 --name "$name" "$@" 2>"/run/$name.log" &
    machines[$name]=$!
    wait_for_machine "$name"
}

# station NAME OPTION...: starts one that answers in a network, see guests/station. What it says is in /run/NAME.out.
station() {
    start_station "$@"
    wait_for_station "$1"
}

start_station() {
    local name=$1
    shift
    # Here, and not where it starts: nobody may read what an earlier one of that name said.
    : >"/run/$name.out" >"/run/$name.log"
    "$vm" run -v -k "$guests/station.elf" -m 16 --boot-hint 0 --name "$name" "$@" \
        >"/run/$name.out" 2>"/run/$name.log" </dev/null &
    machines[$name]=$!
}

wait_for_station() {
    until [ -n "$(address_of "$1")" ]; do
        kill -0 "${machines[$1]}" || { cat "/run/$1.log" >&2; exit 1; }
        sleep 0.05
    done
}

# address_of NAME: what the station took by DHCP.
address_of() { sed -n 's/ behind .*//p' "/run/$1.out"; }

# send_ping NAME ADDRESS: has a station ping an address, and waits until it was answered.
send_ping() {
    local address
    printf -v address '\\x%02x' ${2//./ }
    printf "$address" > "/dev/udp/$(address_of "$1")/9"
    until grep -q "^$2 answers" "/run/$1.out"; do sleep 0.05; done
}

# echo_from ADDRESS PORT TEXT: what comes back by UDP.
echo_from() {
    exec 3<>"/dev/udp/$1/$2"
    printf '%s\n' "$3" >&3
    # A datagram is read at once or lost.
    timeout 600 dd bs=2000 count=1 status=none <&3
    exec 3>&-
}
export -f echo_from

wait_for_machine() {
    until grep -qs 'the machine runs' "/run/$1.log"; do
        kill -0 "${machines[$1]}" || { cat "/run/$1.log" >&2; exit 1; }
        sleep 0.05
    done
}

end_machine() {
    kill -INT "${machines[$1]}"
    wait "${machines[$1]}"
}

kill_machine() {
    kill -KILL "${machines[$1]}"
    wait "${machines[$1]}" || true
}

# kill_dnsmasq: that of the network "default". It is nobody's child here, and dies a little later than it is killed.
kill_dnsmasq() {
    local number
    number=$(cat /run/swiftvm/networks/default/dnsmasq.pid)
    kill -KILL "$number"
    while grep -qs '^State:.[^XZ]' "/proc/$number/status"; do sleep 0.05; done
}

# mac_of NAME: the address of its first card.
mac_of() { sed -n 's/.*"mac" : "\(.*\)".*/\1/p' "/run/swiftvm/machines/$1.json" | head -n 1; }

# stand_in NAME BRIDGE [GUEST]: a namespace with a complete network stack, NAME, on the bridge. With the card's address
# of the machine GUEST it is that guest to everybody.
stand_in() {
    ip netns add "$1"
    ip link add "$1-port" type veth peer name eth0 netns "$1"
    [ $# -lt 3 ] || ip -n "$1" link set eth0 address "$(mac_of "$3")"
    ip link set "$1-port" master "$2" up
    ip -n "$1" link set lo up
    ip -n "$1" link set eth0 up
}

# lease NAME: a DHCP client in the namespace; prints "lease ADDRESS ROUTER DNS".
lease() {
    cat > /run/on-lease <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add "$ip/$mask" dev "$interface"
[ -z "${router:-}" ] || ip route add default via "$router"
echo "lease $ip ${router:-none} $dns"
END
    chmod +x /run/on-lease
    ip netns exec "$1" busybox udhcpc -f -q -n -t 20 -T 1 -i eth0 -s /run/on-lease 2>/dev/null
}

# in_ns NAME COMMAND...
in_ns() { ip netns exec "$@"; }

# state: what networks change of a host, but for what counts packets or time, and for what follows a cable late.
state() {
    nft list ruleset | sed 's/counter packets [0-9]* bytes [0-9]*/counter/'
    ip -o address show | sed 's/^[0-9]*: //; s/ *valid_lft.*//; s/ tentative//; s/\\//; / fe80:/ d'
    ip -o link show | sed 's/^[0-9]*: //; s/NO-CARRIER,//; s/,LOWER_UP//; s/ state [A-Z]* / /'
    ip route show | sed 's/ linkdown//'
    grep -rs --exclude=stable_secret '' /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv[46]/conf || true
    # All processes but the script's own, and its servers. One that begins or ends just now shows as [grep].
    ps -e -o args= | grep -vE '^\[?(bash|ps|grep|sed|diff|cmp|timeout|unshare|busybox)[] ]' || true
    find /run/swiftvm -type f ! -name lock ! -name leases ! -name '*.pid*' -exec cat {} + 2>/dev/null || true
}

# add_firewalld: puts the bed's firewalld into the place where it is installed elsewhere; its configuration can be written.
add_firewalld() {
    local folder
    for folder in usr etc; do
        mkdir -p "/run/firewalld/$folder" "/run/firewalld/$folder.work"
        mount -t overlay overlay "/$folder" \
            -o "lowerdir=$bed/firewalld/$folder:/$folder,upperdir=/run/firewalld/$folder,workdir=/run/firewalld/$folder.work"
    done
    # Where a host's polkit has started before, it does not know of firewalld; where none is, root may do everything.
    rm -f /usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service
    mount -t tmpfs tmpfs /var/log
    mkdir -p /run/dbus
}

# start_firewalld: on a system bus of its own.
start_firewalld() {
    [ -e /run/dbus/system_bus_socket ] || dbus-daemon --system --fork --nopidfile
    firewalld --nofork --nopid >/run/firewalld.log 2>&1 &
    firewalld=$!
    until firewall-cmd --state >/dev/null 2>&1; do
        kill -0 $firewalld || { cat /run/firewalld.log >&2; exit 1; }
        sleep 0.1
    done
}
