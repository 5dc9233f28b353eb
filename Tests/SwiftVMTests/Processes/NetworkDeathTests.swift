import ProcessSupport
import Testing

/// What processes that were killed leave of virtual networks, and that the next command makes it good.
@Suite(.program, .root) struct NetworkDeathTests {
  /// Has `ip`, `nft` and `dnsmasq` kill whoever runs them: before or after the one whose number is in /run/fatal.
  private static let fatal = """
    mkdir /run/fatal.bin
    for name in ip nft dnsmasq; do
        cat > "/run/fatal.bin/$name" <<END
    #!/bin/bash
    read -r when number < /run/fatal
    echo "\\$when \\$((number - 1))" > /run/fatal
    [ "\\$when \\$number" != "before 1" ] || { kill -KILL \\$PPID && exit; }
    $(command -v $name) "\\$@"
    status=\\$?
    [ "\\$when \\$number" != "after 1" ] || kill -KILL \\$PPID
    exit \\$status
    END
        chmod +x "/run/fatal.bin/$name"
    done

    # die_everywhere WHEN COMMAND...: lets it die at each of its programs in turn, until it comes to its end. After each
    # death a command that looks, and one that takes down what may stay up, must put everything back.
    die_everywhere() {
        local when=$1 number=0 status=137
        shift
        while [ "$status" = 137 ]; do
            number=$((number + 1)) status=0
            [ -z "${up_before:-}" ] || "$vm" net up >/dev/null
            echo "$when $number" > /run/fatal
            PATH=/run/fatal.bin:$PATH "$@" >/run/out 2>&1 || status=$?
            "$vm" net list > /run/networks
            [ -n "${is_transient:-}" ] || [ ! -s /run/networks ] || "$vm" net down >/dev/null
            state | diff - /run/before || { echo "$when its program $number" && return 1; }
        done
        [ "$number" -gt 10 ] && echo "ends with $status"
    }

    """

  @Test func `wherever a command dies, the next one leaves nothing half-made`() async throws {
    let lines = try await NetworkScript.lines(
      """
      add_world
      \(NetworkScript.docker)
      \(Self.fatal)
      state > /run/before
      die_everywhere after "$vm" net up
      up_before=1 die_everywhere before "$vm" net down
      """)
    #expect(lines == ["ends with 0", "ends with 0"])
  }

  @Test(.kvm)
  func `wherever a machine dies as it starts and ends, the next command removes all that it made`()
    async throws
  {
    let lines = try await NetworkScript.lines(
      """
      add_world
      \(NetworkScript.docker)
      \(Self.fatal)
      state > /run/before
      is_transient=1 die_everywhere before "$vm" run --flat "$guests/exit.bin" -m 16 --serial null --boot-hint 0 \
          --on-reboot exit --net nat --publish 8080:80 --publish 5353:53/udp
      """)
    #expect(lines == ["ends with 0"])
  }

  @Test(.kvm) func `what a killed machine and a killed dnsmasq left is mended by the next command`()
    async throws
  {
    let lines = try await NetworkScript.lines(
      """
      add_world
      state > /run/before
      machine one --net nat --publish 8080:80
      machine two --net nat
      kill_machine one
      kill_dnsmasq
      nft delete table inet swiftvm-default
      "$vm" list | awk 'NR > 1 { print "runs", $1 }'
      echo "$(nft list table inet swiftvm-default | grep -c dport || true) published"
      stand_in guest svbr0 two
      lease guest | sed 's/lease .*/leased/'
      machine one --net nat --publish 8080:80
      echo "$(nft list table inet swiftvm-default | grep -c dport) published again"
      kill_machine one
      kill_machine two
      ip link delete guest-port
      "$vm" net list
      state | diff - /run/before && echo as it was
      """)
    #expect(
      lines == ["runs two", "0 published", "leased", "1 published again", "as it was"])
  }

  @Test(.kvm) func `a signal that waits while the network is made is heard then, and all is taken back`()
    async throws
  {
    let lines = try await NetworkScript.lines(
      """
      state > /run/before
      env --block-signal=TERM bash -c 'kill -TERM $$; exec "$@"' - \
          "$vm" run -v --flat "$guests/idle.bin" -m 16 --boot-hint 0 --net nat --publish 8080:80 2>/run/log
      grep -o 'ended as asked' /run/log
      state | diff - /run/before && echo as it was
      """)
    #expect(lines == ["ended as asked", "as it was"])
  }

  @Test func `what swiftvm starts has the limits that swiftvm was started with`() async throws {
    let lines = try await NetworkScript.lines(
      """
      ulimit -S -n 123
      "$vm" net up >/dev/null
      sed -n 's/^Max open files *\\([0-9]*\\) .*/\\1/p' "/proc/$(cat /run/swiftvm/networks/default/dnsmasq.pid)/limits"
      """)
    #expect(lines == ["123"])
  }

  @Test func `a dnsmasq is found where its file is not`() async throws {
    let lines = try await NetworkScript.lines(
      """
      state > /run/before
      "$vm" net up >/dev/null
      # As though who made the network had been stopped half-way.
      rm /run/swiftvm/networks/default/dnsmasq.pid
      "$vm" net list
      state | diff - /run/before && echo as it was
      """)
    #expect(lines == ["as it was"])
  }

  @Test func `a process that only claims to be dnsmasq is none`() async throws {
    let lines = try await NetworkScript.lines(
      """
      "$vm" net up >/dev/null
      file=/run/swiftvm/networks/default/dnsmasq.pid
      bash -c 'sleep inf; exit' foreign "--pid-file=$file" &
      other=$!
      setpriv --reuid=1234 --regid=1234 --clear-groups dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 \\
          --pid-file=/run/other.pid --txt-record "--pid-file=$file" &
      own=$!
      until [ -e /run/other.pid ]; do sleep 0.1; done
      # killed WHAT: what a command makes of it that dnsmasq was killed.
      killed() {
          local old="$(cat $file)" new
          kill_dnsmasq
          "$@"
          "$vm" list >/dev/null
          new=$(pgrep -f -- "^/?[a-z/]*dnsmasq .*--pid-file=$file --dhcp")
          "$vm" net status | sed -n "s/^dnsmasq: process $new$/found/p"
          [ "$new" != "$old" ] && kill -0 "$other" && kill -0 "$own" && echo anew
      }
      killed true
      killed rm "$file.start"
      # dnsmasq may write what it wants there.
      killed eval 'echo $other > $file'
      killed eval 'echo $own > $file; rm "$file.start"'
      rm "$file.start"
      "$vm" net status | sed -n "s/^dnsmasq: process $(cat $file)$/found/p"
      "$vm" net down >/dev/null
      kill -0 "$other" && kill -0 "$own" && echo neither ended
      pgrep -f -- "$file --dhcp" || echo ours ended
      """)
    #expect(
      lines == [
        "found", "anew", "found", "anew", "found", "anew", "found", "anew", "found", "neither ended",
        "ours ended",
      ])
  }

  @Test(.kvm) func `a machine in use keeps its network though dnsmasq's file is gone`() async throws {
    let lines = try await NetworkScript.lines(
      """
      machine one --net nat
      kill_dnsmasq
      rm /run/swiftvm/networks/default/dnsmasq.pid
      "$vm" net list | sed 's/:.*, /: /'
      stand_in guest svbr0 one
      lease guest | sed 's/lease .*/leased/'
      """)
    #expect(lines == ["default: 1 machine(s)", "leased"])
  }

  @Test(.kvm) func `a machine that takes a dead one's name does not hide what that one published`()
    async throws
  {
    let lines = try await NetworkScript.lines(
      """
      "$vm" net up >/dev/null
      state > /run/up
      machine web --net nat --publish 8080:80
      kill_machine web
      machine web --net none
      nft list table inet swiftvm-default | grep -c dport || echo no more published
      end_machine web
      "$vm" run --flat "$guests/idle.bin" -m 16 --serial null --boot-hint 0 --net nat --publish 8080:80 2>/dev/null &
      nameless=$!
      until grep -qs dport <(nft list table inet swiftvm-default); do sleep 0.05; done
      kill -KILL $nameless
      wait $nameless || true
      "$vm" run --flat "$guests/exit.bin" -m 16 --serial null --on-reboot exit --boot-hint 0
      "$vm" net list >/dev/null
      state | diff - /run/up && echo as it was
      """)
    #expect(lines == ["0", "no more published", "as it was"])
  }

  @Test func `settings come back though somebody changed one between two networks`() async throws {
    let lines = try await NetworkScript.lines(
      """
      add_world
      state > /run/before
      "$vm" net up --name first >/dev/null
      echo 0 > /proc/sys/net/ipv6/conf/all/forwarding
      "$vm" net up --name second >/dev/null
      "$vm" net down --name first >/dev/null
      "$vm" net down --name second >/dev/null
      state | diff - /run/before && echo as it was
      """)
    #expect(lines == ["as it was"])
  }
}
