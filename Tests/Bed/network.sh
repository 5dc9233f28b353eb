#!/bin/sh
# For scripts that run in L1: TAPs, and what the guest's verb "net" talks to. Sourced, after session.sh where both are.
#
#   tap NUMBER [OPTION]...      makes tapNUMBER, as `ip tuntap add` is told, with the address that addressed gives it
#   addressed NUMBER            gives tapNUMBER 10.0.NUMBER.1/24 and brings it up; the guest's ethNUMBER is 10.0.NUMBER.2
#   vlan NUMBER                 gives tapNUMBER 10.5.NUMBER.1/24 in VLAN 5
#   serve                       listens, until the job ends; says "given SUM", the sum of what it gives
#   7001 gives 4 MiB, 7002 takes bytes and answers with their sum, 7003 sends 256 KiB to the asker's UDP port 7003 in pieces
#   of as many bytes as it says, 7004 answers with the sum of 256 KiB that came by UDP, 7005 gives and takes without end;
#   5201 to 5204 are iperf3's.

ip link set lo up

tap() {
  number=$1
  shift
  ip tuntap add "tap$number" mode tap vnet_hdr "$@" || return
  addressed "$number"
}

addressed() {
  # no traffic of L1's own
  echo 1 > "/proc/sys/net/ipv6/conf/tap$1/disable_ipv6"
  ip address add "10.0.$1.1/24" dev "tap$1"
  ip link set "tap$1" up
}

vlan() {
  ip link add link "tap$1" name "tap$1.5" type vlan id 5
  ip address add "10.5.$1.1/24" dev "tap$1.5"
  ip link set "tap$1.5" up
}

serve() {
  head -c 4194304 /dev/urandom > /tmp/given
  head -c 262144 /tmp/given > /tmp/given.udp
  cat > /tmp/answer.7003 <<'END'
read -r size
socat -u -b "$size" OPEN:/tmp/given.udp "UDP:$SOCAT_PEERADDR:7003"
END
  cat > /tmp/answer.7004 <<'END'
until [ "$(stat -c %s /tmp/taken.udp)" -ge 262144 ]; do usleep 20000; done
sha256sum < /tmp/taken.udp
: > /tmp/taken.udp
END
  listen 7001 'EXEC:cat /tmp/given'
  listen 7002 EXEC:sha256sum
  listen 7003 'EXEC:sh /tmp/answer.7003'
  socat -u -b 65536 UDP-RECV:7004,rcvbuf=8388608 CREATE:/tmp/taken.udp,append &
  listen 7004 'EXEC:sh /tmp/answer.7004'
  listen 7005 /dev/zero
  for port in 5201 5202 5203 5204; do iperf3 -s -D -p "$port"; done
  echo "given $(sha256sum < /tmp/given | cut -d' ' -f1)"
  echo "given datagrams $(sha256sum < /tmp/given.udp | cut -d' ' -f1)"
}

# Commands that serve a connection; an end of one direction leaves the other half a minute.
listen() { socat -t 30 "TCP-LISTEN:$1,fork,reuseaddr" "$2" 2> /dev/null & }
