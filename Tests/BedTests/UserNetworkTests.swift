internal import ProcessSupport
internal import Testing

extension StockKernels {
  /// A stock guest of a user without any privilege, "the internet" in another network namespace behind a veth.
  @Suite struct UserNetworks {
    let l1: NestedMachine

    init() async throws {
      l1 = try #require(NestedMachine.current)
      let outcome = try await Program.run("\(Repository.root)/Tests/Bed/network-initrd.sh", [])
      try #require(outcome.status == 0, "\(outcome.error)")
    }

    @Test func `a guest without privilege gets an address and names, reaches the world, and is reached`()
      async throws
    {
      let guest = Guest(
        kernel: Guest.Kernel.generic.bzImage, initrd: "/bed/guests/network.img",
        options: "-m 512 --name web --net user --publish 8080:80 --publish 5353:7/udp",
        arguments: "quiet swiftvm.do=user swiftvm.peer=world.test")
      let outcome = try await l1.run(
        """
        cat > /tmp/world.job <<'THE END'
        mount -t tmpfs run /run
        ip link set lo up
        unshare -n sleep 1000 &
        world=$!
        in_world() { nsenter -t $world -n "$@"; }
        until [ "$(readlink /proc/$world/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do usleep 10000; done
        ip link add eth0 type veth peer name up0 netns $world
        ip address add 203.0.113.1/24 dev eth0
        ip link set eth0 up
        in_world ip address add 203.0.113.2/24 dev up0
        in_world ip link set up0 up
        ip route add default via 203.0.113.2
        mkdir /run/world
        head -c 4000000 /dev/urandom > /run/world/large
        echo "given $(sha256sum < /run/world/large | cut -d ' ' -f 1)"
        in_world busybox httpd -p 80 -h /run/world
        in_world socat -t 30 TCP-LISTEN:7002,fork,reuseaddr EXEC:sha256sum 2> /dev/null &
        printf 'read -r word\\necho "the world was $word"\\n' > /run/answer
        in_world socat UDP-RECVFROM:7007,fork "EXEC:sh /run/answer" &
        # A name server that only this host itself reaches, as many a host has.
        dnsmasq --conf-file=/dev/null --no-hosts --no-resolv --listen-address=127.0.0.1 --bind-interfaces \\
          --address=/world.test/203.0.113.2 --pid-file=/run/dns
        echo 'nameserver 127.0.0.1' > /etc/resolv.conf
        mkdir -m 700 /run/user
        chown 1000 /run/user
        chmod 666 /dev/kvm
        export XDG_RUNTIME_DIR=/run/user
        user="setpriv --reuid=1000 --regid=1000 --clear-groups --bounding-set=-all"
        $user \(guest.boot) > /tmp/web.out 2>&1 < /dev/null &
        web=$!
        # One that ended would not be waited for.
        until grep -qs 'user: serving' /tmp/web.out || ! kill -0 $web; do usleep 200000; done
        tr -d '\\r' < /tmp/web.out | sed 's/^swiftvm-guest: //'
        echo "list $($user /host/bin/swiftvm list | awk '$1 == "web" { print $5, $6 }')"
        echo "from outside $(in_world timeout 600 busybox wget -qO- http://203.0.113.1:8080/)"
        echo "from the host $(timeout 600 busybox wget -qO- http://127.0.0.1:8080/)"
        echo "by UDP $(echo hello | in_world socat -t 20 - UDP:203.0.113.1:5353)"
        echo "passt runs as $(stat -c %u "/proc/$(tr -d ' ' < /proc/$web/task/$web/children)")"
        kill -INT $web
        wait $web
        echo "ended $?, $(pidof passt passt.avx2 | wc -w) left"
        THE END
        # passt changes its root directory, which the initial RAM disk's own cannot be.
        cat > /tmp/user.job <<'THE END'
        mkdir /tmp/root
        mount -o rbind / /tmp/root
        cd /tmp/root
        mount -o move . /
        exec chroot . /bin/sh /tmp/world.job
        THE END
        unshare -n -m sh /tmp/user.job
        """)
      let given = try #require(outcome.lines(after: "given ").first, outcome.comment)
      #expect(
        outcome.lines(after: "user: address ") == ["10.0.2.15 router 10.0.2.2 mtu 65520"], outcome.comment)
      #expect(outcome.lines(after: "user: looked up ") == ["203.0.113.2"], outcome.comment)
      #expect(outcome.lines(after: "user: fetched ") == [given], outcome.comment)
      #expect(outcome.lines(after: "user: sent ").count == 1, outcome.comment)
      #expect(
        outcome.lines(after: "user: arrived ") == outcome.lines(after: "user: sent "), outcome.comment)
      #expect(outcome.lines(after: "user: answered ") == ["the world was asked"], outcome.comment)
      #expect(outcome.lines(after: "list ") == ["user 10.0.2.15"], outcome.comment)
      #expect(outcome.lines(after: "from outside ") == ["the guest's page"], outcome.comment)
      #expect(outcome.lines(after: "from the host ") == ["the guest's page"], outcome.comment)
      #expect(outcome.lines(after: "by UDP ") == ["heard hello"], outcome.comment)
      #expect(outcome.lines(after: "passt runs as ") == ["1000"], outcome.comment)
      #expect(outcome.lines(after: "ended ") == ["0, 0 left"], outcome.comment)
    }
  }
}
