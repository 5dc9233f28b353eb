internal import ProcessSupport
internal import Testing

extension StockKernels {
  /// Stock guests on a virtual network of L1, "the internet" and a bridged network in network namespaces of their own.
  @Suite struct VirtualNetworks {
    let l1: NestedMachine

    init() async throws {
      l1 = try #require(NestedMachine.current)
      for script in ["network-initrd.sh", "dracut-initrd.sh networkd"] {
        let outcome = try await Program.run("sh", ["-c", "\(Repository.root)/Tests/Bed/\(script)"])
        try #require(outcome.status == 0, "\(outcome.error)")
      }
    }

    /// Lines that make "the internet", which has a server called files.test and answers questions for names, and a
    /// network with its own DHCP server on br0.
    private static let surroundings = """
      mount -t tmpfs run /run
      ip link set lo up
      unshare -n sleep 1000 &
      world=$!
      unshare -n sleep 1000 &
      lan=$!
      in_world() { nsenter -t $world -n "$@"; }
      in_lan() { nsenter -t $lan -n "$@"; }
      for process in $world $lan; do
        until [ "$(readlink /proc/$process/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do usleep 10000; done
      done
      ip link add eth0 type veth peer name up0 netns $world
      ip address add 203.0.113.1/24 dev eth0
      ip address add 2001:db8::1/64 dev eth0 nodad
      ip link set eth0 up
      in_world ip link set lo up
      in_world ip address add 203.0.113.2/24 dev up0
      in_world ip address add 2001:db8::2/64 dev up0 nodad
      in_world ip link set up0 up
      ip link add br0 address 02:00:00:00:00:99 type bridge
      ip link add lan0 mtu 1400 master br0 type veth peer name lan1 netns $lan
      ip link set lan0 up
      ip link set br0 up
      in_lan ip address add 10.9.0.1/24 dev lan1
      in_lan ip link set lan1 mtu 1400 up

      mkdir /run/world
      head -c 20000000 /dev/urandom > /run/world/large
      head -c 2000000 /run/world/large > /run/world/small
      for file in large small; do echo "$file $(sha256sum < /run/world/$file | cut -d ' ' -f 1)"; done
      in_world busybox httpd -p 80 -h /run/world
      in_world socat -t 30 TCP-LISTEN:7002,fork,reuseaddr EXEC:sha256sum 2> /dev/null &
      in_world dnsmasq --conf-file=/dev/null --no-hosts --no-resolv --address=/files.test/203.0.113.2 \
        --pid-file=/run/world.pid
      in_lan busybox httpd -p 80 -h /run/world
      in_lan dnsmasq --conf-file=/dev/null --port=0 --interface=lan1 --bind-interfaces \
        --dhcp-range=10.9.0.10,10.9.0.99,1h --dhcp-leasefile=/run/lan.leases --pid-file=/run/lan.pid
      echo 'nameserver 203.0.113.2' > /run/resolv.conf
      touch /etc/resolv.conf
      mount --bind /run/resolv.conf /etc/resolv.conf
      state() { nft list ruleset; ip -o link | cut -d : -f 2; cat /proc/sys/net/ipv4/ip_forward; }

      """

    private struct Machine {
      let name: String
      var kernel = Guest.Kernel.generic
      let initrd: String
      /// Kernel arguments.
      let words: String
      /// Options of `swiftvm run`.
      let options: String

      /// Starts it in the background; its process is in the variable of its name.
      var start: String {
        let guest = Guest(
          kernel: kernel.bzImage, initrd: "/bed/guests/\(initrd).img", options: "--name \(name) \(options)",
          arguments: "quiet net.ifnames=0 swiftvm.from=files.test swiftvm.from6=2001:db8::2 \(words)")
        return "\(guest.boot) > /tmp/\(name).out 2>&1 < /dev/null & \(name)=$!"
      }
    }

    /// What tells dracut to take an address, and to look for a root file system without end meanwhile.
    private static let dracut =
      "swiftvm.do=reach swiftvm.file=small ip=dhcp root=PARTLABEL=none rd.retry=1000 rd.shell=0 systemd.show_status=0"

    private static let machines = [
      Machine(
        name: "web", kernel: .cloud, initrd: "network", words: "swiftvm.do=nat swiftvm.lan=10.9.0.1",
        options: "-m 256 --net nat,mtu=9000 --net bridge=br0 --publish 8080:80 --publish 7:7/udp"),
      Machine(
        name: "client", initrd: "dracut-networkd", words: "\(dracut) swiftvm.peer=web",
        options: "-m 640 --net nat"),
    ]

    @Test
    func
      `guests with udhcpc and systemd-networkd reach the world and each other, and are reached`()
      async throws
    {
      let names = Self.machines.map(\.name)
      let outcome = try await l1.run(
        """
        cat > /tmp/nat.job <<'THE END'
        \(Self.surroundings)
        state > /run/before
        \(Self.machines[0].start)
        # The network's packets are as long as those of its first card.
        until ip link show master svbr0 2> /dev/null | grep -q svtap || ! kill -0 $web; do usleep 100000; done
        \(Self.machines[1...].map(\.start).joined(separator: "\n"))
        for name in \(names.joined(separator: " ")); do
          eval "id=\\$$name"
          # One that ended would not be waited for.
          until grep -q 'nat: serving' /tmp/$name.out || ! kill -0 $id; do usleep 200000; done
          sed "s/^swiftvm-guest: /$name /" /tmp/$name.out
          echo "$name ip $(/host/bin/swiftvm ip $name | head -n 1)"
        done
        echo "lease of the bridged network $(cut -d ' ' -f 3 /run/lan.leases)"
        echo "from outside $(in_world timeout 600 busybox wget -qO- http://203.0.113.1:8080/)"
        echo "from the host $(timeout 600 busybox wget -qO- http://127.0.0.1:8080/)"
        answer=
        until [ -n "$answer" ]; do answer=$(echo hello | in_world socat -t 2 - UDP:203.0.113.1:7); done
        echo "by UDP $answer"
        kill -INT \(names.map { "$\($0)" }.joined(separator: " "))
        wait \(names.map { "$\($0)" }.joined(separator: " "))
        state | diff - /run/before && echo as it was
        THE END
        unshare -n -m sh /tmp/nat.job
        """, seconds: 600, mayHang: true)
      func said(_ line: String) -> [Substring] { outcome.lines(after: line + " ") }

      let addresses = names.compactMap { said("\($0) nat: address").first }
      #expect(
        Set(addresses).count == names.count && addresses.allSatisfy { $0.hasPrefix("192.168.122.") },
        outcome.comment)
      for (name, address) in zip(names, addresses) {
        let sum = said(name == "web" ? "large" : "small")
        #expect(sum.count == 1, outcome.comment)
        #expect(said("\(name) ip") == [address], outcome.comment)
        // All follow the first of them.
        #expect(said("\(name) nat: mtu") == ["9000"], outcome.comment)
        #expect(said("\(name) nat: fetched") == sum, outcome.comment)
        #expect(said("\(name) nat: sent") == sum, outcome.comment)
        #expect(said("\(name) nat: IPv6 pings") == ["2"], outcome.comment)
        #expect(said("\(name) nat: IPv6 fetched") == said("small"), outcome.comment)
      }
      let page = ["the page of \(addresses.first ?? "none")"] as [Substring]
      #expect(said("client nat: web says") == page, outcome.comment)
      #expect(said("client nat: web pinged") == ["2"], outcome.comment)
      #expect(said("from outside") == page, outcome.comment)
      #expect(said("from the host") == page, outcome.comment)
      #expect(said("by UDP") == ["hello"], outcome.comment)
      let lease = said("lease of the bridged network").first ?? "none"
      #expect(lease.hasPrefix("10.9.0."), outcome.comment)
      #expect(
        said("web nat: bridged") == ["\(lease)/24 mtu 1400", "fetched \(said("small").first ?? "")"],
        outcome.comment)
      #expect(outcome.said("as it was"), outcome.comment)
    }
  }
}
