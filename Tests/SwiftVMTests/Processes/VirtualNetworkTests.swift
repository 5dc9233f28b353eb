import ProcessSupport
import Testing

/// Virtual networks in a network namespace of the test's own, "the internet" in another one behind a veth.
///
/// A bare-metal guest has no network stack, so a namespace stands in for it where packets must be answered.
@Suite(.program, .root) struct VirtualNetworkTests {
  @Test func `down leaves the host as it was, and what --print shows does the same when pasted`() async throws
  {
    let lines = try await NetworkScript.lines(
      """
      add_world
      \(NetworkScript.docker)
      echo 1 > /proc/sys/net/ipv4/conf/eth0/forwarding
      echo 0 > /proc/sys/net/ipv4/conf/all/accept_redirects
      state > /run/before
      "$vm" net up --print > /run/up.sh
      state | cmp - /run/before && echo printing changes nothing
      "$vm" net up
      state > /run/up
      "$vm" net up | grep -q 'network default: bridge svbr0, 192.168.122.0/24' && state | cmp - /run/up && echo idempotent
      "$vm" net down
      state | diff - /run/before && echo as it was
      bash -e /run/up.sh
      state | diff - /run/up && echo pasted is the same
      "$vm" net down --print > /run/down.sh
      bash -e /run/down.sh
      state | diff - /run/before && echo as it was again
      "$vm" net up --name lab --subnet 10.77.0.0/24
      "$vm" net up --name other
      "$vm" net list
      "$vm" net down --name lab
      cat /proc/sys/net/ipv4/ip_forward
      "$vm" net down --name other
      state | diff - /run/before && echo as it was at last
      """)
    for line in [
      "printing changes nothing", "idempotent", "as it was", "pasted is the same", "as it was again",
      "as it was at last", "1",
    ] {
      #expect(lines.contains(line), "\(lines)")
    }
    #expect(lines.contains { $0.hasPrefix("lab: bridge svbr0, 10.77.0.0/24") }, "\(lines)")
    #expect(lines.contains { $0.hasPrefix("other: bridge svbr1, 192.168.122.0/24") }, "\(lines)")
  }

  @Test(.kvm) func `a guest gets its address and a way out, and is reached where a port is published`()
    async throws
  {
    let lines = try await NetworkScript.lines(
      """
      add_world
      \(NetworkScript.docker)
      state > /run/before
      machine web --net nat --publish 8080:80 --publish 203.0.113.1:53:53/udp
      stand_in guest svbr0 web
      lease guest
      address=$("$vm" ip web | head -n 1)
      echo "address $address"
      "$vm" list | grep '^web ' | grep -q "$address" && echo listed
      in_ns guest busybox nslookup web 192.168.122.1 | grep -q "Address: $address" && echo named
      in_ns guest busybox wget -qO- http://203.0.113.2/large | cmp - /run/world/large && echo fetched
      until ip -n guest -6 address show scope global -tentative | grep -q inet6; do sleep 0.1; done
      in_ns guest ping -6 -c 1 -w 600 2001:db8::2 >/dev/null && echo out by IPv6
      mkdir /run/www; echo hello > /run/www/index.html
      in_ns guest busybox httpd -p 80 -h /run/www
      in_ns guest busybox httpd -p 81 -h /run/www
      in_ns guest dnsmasq --conf-file=/dev/null --no-hosts --no-resolv --address=/hello.test/198.51.100.7 --pid-file=/run/g
      in_ns world busybox wget -qO- http://203.0.113.1:8080/ | sed 's/^/from outside: /'
      busybox wget -qO- http://127.0.0.1:8080/ | sed 's/^/from the host: /'
      busybox wget -qO- http://203.0.113.1:8080/ | sed 's/^/from the host by its address: /'
      in_ns world busybox nslookup hello.test 203.0.113.1 | grep -q 198.51.100.7 && echo UDP from outside
      ip -n world route add 192.168.122.0/24 via 203.0.113.1
      in_ns world timeout 3 busybox wget -qO- "http://$address:81/" 2>/dev/null || echo closed otherwise
      stand_in second svbr0
      lease second >/dev/null
      in_ns second busybox wget -qO- "http://$address:81/" | sed 's/^/from its neighbour: /'
      in_ns second busybox wget -qO- "http://192.168.122.1:8080/" | sed 's/^/from its neighbour, published: /'
      ip link delete second-port; ip link delete guest-port; pkill -F /run/g
      end_machine web
      state | diff - /run/before && echo as it was
      """)
    let address = lines.first { $0.hasPrefix("address ") }?.dropFirst(8) ?? "none"
    for line in [
      "lease \(address) 192.168.122.1 192.168.122.1", "listed", "named", "fetched", "out by IPv6",
      "from outside: hello", "from the host: hello", "from the host by its address: hello",
      "UDP from outside",
      "closed otherwise", "from its neighbour: hello", "from its neighbour, published: hello", "as it was",
    ] {
      #expect(lines.contains(line), "\(line): \(lines)")
    }
  }

  @Test(.kvm) func `from a network the host hears its own addresses alone`() async throws {
    let lines = try await NetworkScript.lines(
      """
      add_world
      machine web --net nat --publish 5007:7/udp
      # Nothing but our table is between the guest and the host.
      for name in all svbr0; do echo 0 > /proc/sys/net/ipv4/conf/$name/rp_filter; done
      nft -f - <<'END'
      table inet watch {
        set heard { type ipv4_addr . inet_service; flags dynamic; }
        set heard6 { type ipv6_addr; flags dynamic; }
        chain input {
          type filter hook input priority 200;
          udp dport 9 add @heard { ip saddr . udp dport }
          udp dport 9 add @heard6 { ip6 saddr }
        }
        chain forward {
          type filter hook forward priority 200;
          udp dport 7 add @heard { ip saddr . udp dport }
        }
      }
      END
      stand_in web svbr0 web
      lease web >/dev/null
      stand_in guest svbr0
      lease guest > /run/leased
      read -r _ own _ < /run/leased
      until ip -n guest -6 address show scope global -tentative | grep -q inet6; do sleep 0.1; done
      gateway6=$(ip -o -6 address show dev svbr0 scope global | sed 's,.*inet6 \\(.*\\)/64.*,\\1,')
      in_ns guest ping -6 -c 1 -w 600 "$gateway6" >/dev/null
      # A forged source must not be lost on the way to its target's address.
      ether=$(ip -o link show svbr0 | sed 's/.*ether \\([^ ]*\\).*/\\1/')
      ip -n guest neighbour replace "$gateway6" lladdr "$ether" dev eth0 nud permanent
      own6=$(ip -o -n guest -6 address show scope global -tentative | sed -n '1 s,.*inet6 \\(.*\\)/[0-9].*,\\1,p')
      in_ns guest bash -c 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet'
      ip -n guest address add 198.51.100.7/24 dev eth0
      ip -n web address add 198.51.100.8/24 dev eth0
      in_ns guest ping -c 1 -w 600 198.51.100.8 >/dev/null && echo neighbours speak as they like
      ip -n guest -6 address add 2001:db8:99::7/128 dev eth0 nodad
      for source in 127.0.0.5 198.51.100.7 "$own"; do
          for target in 192.168.122.1/9 192.168.122.1/5007 203.0.113.1/9 203.0.113.1/5007 224.0.0.1/9; do
              ip -n guest route replace ${target%/*} dev eth0 via 192.168.122.1 src $source
              in_ns guest bash -c "echo > /dev/udp/$target"
          done
      done
      for source in 2001:db8:99::7 "$own6"; do
          ip -n guest -6 route replace "$gateway6" dev eth0 src $source
          in_ns guest bash -c "echo > /dev/udp/$gateway6/9"
      done
      until nft list set inet watch heard6 | grep -q "$own6"; do sleep 0.1; done
      nft list set inet watch heard6 | grep -o '2001:db8:99::7' || echo own address by IPv6
      until nft list set inet watch heard | grep -q "$own . 9" && nft list set inet watch heard | grep -q " . 7"; do
          sleep 0.1
      done
      nft list set inet watch heard | grep -o '[0-9.]\\{7,\\} \\. [0-9]*' | sed "s/^$own /own address /" | sort
      """)
    #expect(
      lines == ["neighbours speak as they like", "own address by IPv6", "own address . 7", "own address . 9"])
  }

  @Test(.kvm) func `an isolated network reaches the host and nobody else`() async throws {
    let lines = try await NetworkScript.lines(
      """
      add_world
      "$vm" net up --name lab --isolate
      machine web --net nat=lab --publish 8080:80
      "$vm" net status --name lab | grep -q "machine web: $(mac_of web) .*, publishes 8080:80" && echo status
      stand_in guest svbr0 web
      lease guest | sed 's/lease [0-9.]* /lease /'
      in_ns guest ping -c 1 -w 600 192.168.122.1 >/dev/null && echo host
      mkdir /run/www; echo hello > /run/www/index.html
      in_ns guest busybox httpd -p 80 -h /run/www
      in_ns world timeout 600 busybox wget -qO- http://203.0.113.1:8080/
      in_ns guest ip route add default via 192.168.122.1
      in_ns guest timeout 3 busybox wget -qO- http://203.0.113.2/large >/dev/null 2>&1 || echo not outside
      """)
    #expect(
      lines.contains("lease none 192.168.122.1") && lines.contains("host") && lines.contains("status")
        && lines.contains("hello") && lines.contains("not outside"))
  }

  @Test(.kvm) func `of machines that start at once with one port, name or address, one runs`() async throws {
    let lines = try await NetworkScript.lines(
      """
      state > /run/before
      # contend OPTION...: starts four machines, and tells how many run, and why others do not.
      contend() {
          local number processes=()
          for number in 1 2 3 4; do
              : > "/run/c$number.log"
              "$vm" run -v --flat "$guests/idle.bin" -m 16 --serial null --boot-hint 0 "$@" 2>"/run/c$number.log" &
              processes+=($!)
          done
          until [ "$(grep -lE 'the machine runs|^error:' /run/c?.log | wc -l)" = 4 ]; do sleep 0.05; done
          echo "$(grep -l 'the machine runs' /run/c?.log | wc -l) runs"
          grep -h '^error:' /run/c?.log | sed 's/[0-9]*)$/N)/; s/vm[0-9]$/vmN/; s/svtap[0-9]*/svtapN/' | uniq -c |
              sed 's/^ *//'
          kill -INT "${processes[@]}" 2>/dev/null || true
          wait "${processes[@]}" || true
      }
      contend --net nat --publish 8080:80
      contend --net nat --name web
      contend --net nat,mac=02:00:00:00:00:07
      state | diff - /run/before && echo as it was
      for name in a b c d; do "$vm" net up --name $name >/dev/null & done
      wait
      "$vm" net list | grep -o '192[^ ,]*' | sort -u
      ip -o link show type bridge | wc -l
      """)
    #expect(
      lines == [
        "1 runs", "3 error: --publish 8080:80: port 8080/tcp is published by machine vmN",
        "1 runs", "3 error: --name web: a machine of this name runs (process N)",
        "1 runs", "3 error: mac=02:00:00:00:00:07: another card on network default has it, svtapN",
        "as it was", "192.168.122.0/24", "192.168.123.0/24", "192.168.124.0/24", "192.168.125.0/24", "4",
      ])
  }

  @Test(.kvm) func `a bridged guest is a port of the bridge, and is found by what it says there`()
    async throws
  {
    let lines = try await NetworkScript.lines(
      """
      ip link add br0 address 02:00:00:00:00:99 type bridge
      ip link add lan0 mtu 1400 master br0 type veth peer name lan1
      ip link set lan0 up
      ip link set lan1 up
      ip address add 10.1.0.1/24 dev br0
      ip link set br0 up
      until ip -6 address show dev br0 -tentative | grep -q fe80; do sleep 0.1; done
      state > /run/before
      machine web --net bridge=br0
      ip -o link show master br0 | grep svtap | sed 's/.*\\(svtap[0-9]*\\).*mtu \\([0-9]*\\).*/\\1 \\2/'
      "$vm" ip web 2>&1 | head -n 1
      stand_in guest br0 web
      in_ns guest ip address add 10.1.0.7/24 dev eth0
      in_ns guest ping -c 1 -w 600 10.1.0.1 >/dev/null
      "$vm" ip web
      "$vm" list --json | grep -q '"10.1.0.7"' && echo in JSON
      ip link delete guest-port
      ip neighbour flush dev br0
      end_machine web
      state | diff - /run/before && echo as it was
      """)
    #expect(
      lines == [
        "svtap0 1400", "error: machine web has no address that this host knows of", "10.1.0.7", "in JSON",
        "as it was",
      ])
  }
}
