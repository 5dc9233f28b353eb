import ProcessSupport
import Testing

/// `--net user` in network, mount and process namespaces of the test's own. What passt carries is shown with a stock
/// guest; here it is started, found and ended.
@Suite(.program, .kvm, .root) struct UserNetworkTests {
  private static let prelude = """
    add_world
    ip route add default via 203.0.113.2
    passts() { pgrep -cx 'passt(.avx2)?' || true; }
    await_end() { while pgrep -x 'passt(.avx2)?' >/dev/null; do sleep 0.05; done; }
    listeners() { ss -Hlntu | awk '$5 ~ /:(8080|5353|8081)$/ { print $1, $5 }' | sort; }

    """

  @Test func `published ports are open while the machine runs, and passt ends with it`() async throws {
    let lines = try await NetworkScript.lines(
      Self.prelude + """
        machine web --net user,mac=02:00:00:00:00:07,mtu=1500 --publish 8080:80 --publish 127.0.0.1:5353:53/udp
        grep -o 'user: passt, mac=02:00:00:00:00:07, mtu=1500' /run/web.log
        "$vm" list | awk '$1 == "web" { print "list", $5, $6 }'
        echo "ip $("$vm" ip web)"
        listeners
        echo "of $(ps -o user= -p "$(pgrep -x 'passt(.avx2)?')")"
        timeout 600 bash -c 'exec 4<>/dev/tcp/127.0.0.1/8080' && echo connected
        end_machine web
        await_end
        listeners
        machine two --net user --net user --publish 8081:80
        echo "two have $(passts)"
        listeners
        kill_machine two
        await_end
        echo "gone after SIGKILL"
        """)
    #expect(
      lines == [
        "user: passt, mac=02:00:00:00:00:07, mtu=1500", "list user 10.0.2.15", "ip 10.0.2.15",
        "tcp 0.0.0.0:8080",
        "udp 127.0.0.1:5353", "of nobody", "connected", "two have 2", "tcp 0.0.0.0:8081",
        "gone after SIGKILL",
      ])
  }

  @Test func `somebody without privilege has a network, and sees the machine`() async throws {
    let lines = try await NetworkScript.lines(
      Self.prelude + """
        mkdir -m 700 /run/user
        chown 65534 /run/user
        nobody=(setpriv --reuid=65534 --regid="$(stat -c %g /dev/kvm)" --clear-groups --bounding-set=-all env)
        "${nobody[@]}" XDG_RUNTIME_DIR=/run/user "$vm" run -v --flat "$guests/idle.bin" -m 16 --serial null --boot-hint 0 --net user \\
            --publish 8080:80 2>/run/vm.log &
        machines[vm]=$!
        wait_for_machine vm
        listeners
        "${nobody[@]}" XDG_RUNTIME_DIR=/run/user "$vm" list | awk 'NR > 1 { print "list", $1, $5, $6 }'
        kill_machine vm
        await_end
        "${nobody[@]}" XDG_RUNTIME_DIR=/run/user "$vm" list | awk 'NR > 1'
        echo "$(ls /run/user/swiftvm/machines | wc -l) records left"
        "${nobody[@]}" -u XDG_RUNTIME_DIR "$vm" run -v --flat "$guests/idle.bin" -m 16 --serial null --boot-hint 0 \\
            --net user --publish 8081:80 2>/run/other.log &
        machines[other]=$!
        wait_for_machine other
        listeners
        end_machine other
        await_end
        """)
    #expect(
      lines == ["tcp 0.0.0.0:8080", "list vm1 user 10.0.2.15", "0 records left", "tcp 0.0.0.0:8081"])
  }

  @Test func `a machine goes on where passt ends before it, which is told once`() async throws {
    let lines = try await NetworkScript.lines(
      Self.prelude + """
        machine web --net user
        kill -KILL "$(pgrep -x 'passt(.avx2)?')"
        until grep -q warning /run/web.log; do sleep 0.05; done
        kill -0 ${machines[web]} && echo alive
        end_machine web && echo ended well
        grep warning /run/web.log
        """)
    #expect(
      lines == [
        "alive", "ended well",
        "warning: --net user: passt was ended by signal 9; the guest's link is down",
      ])
  }

  @Test(arguments: [
    ("ip route del default", "passt: External interface not usable", "default route", 4),
    ("mount --bind /dev/null \"$(command -v passt)\"", "no program passt", "apt-get install passt", 4),
    // Taken between our look and passt's own: as though by a passt that cannot bind.
    (
      #"printf '#!/bin/sh\necho noise >&2\necho "Failed to bind any port" >&2\nexit 1\n' > /run/passt; chmod +x /run/passt; PATH=/run:$PATH"#,
      "passt: Failed to bind any port", "ss -lnp", 4
    ),
    (
      #"printf '#!/bin/sh\nexit 7\n' > /run/passt; chmod +x /run/passt; PATH=/run:$PATH"#,
      "passt: ended with status 7", "manual", 4
    ),
  ])
  func `a machine whose passt does not come up says why`(
    preparation: String, error: String, hint: String, status: Int32
  ) async throws {
    let outcome = try await NetworkScript.run(
      Self.prelude + "\(preparation)\n\"$vm\" run --flat \"$guests/halt.bin\" -m 16 --serial null --net user")
    expectFailure(outcome, status: status, error: error, hint: hint)
  }

  @Test func `what an administrator is told to run once gives a user a network`() async throws {
    let lines = try await NetworkScript.lines(
      """
      nobody=(setpriv --reuid=65534 --regid="$(stat -c %g /dev/kvm)" --clear-groups --bounding-set=-all
          env -u XDG_RUNTIME_DIR)
      # Root's own sudo, and swiftvm on the search path.
      mkdir /run/bin
      printf '#!/bin/sh\\nexec "$@"\\n' > /run/bin/sudo
      chmod +x /run/bin/sudo
      ln -s "$vm" /run/bin/swiftvm
      export USER=nobody PATH=/run/bin:$PATH
      if "${nobody[@]}" "$vm" run --flat "$guests/halt.bin" -m 16 --serial null --net nat 2>/run/said; then exit 1; fi
      bash -e -c "$(sed -n 's/^hint: [^`]*`\\([^`]*\\)`.*/\\1/p' /run/said)"
      "${nobody[@]}" "$vm" run -v --flat "$guests/idle.bin" -m 16 --serial null --boot-hint 0 --net tap=tap0 2>/run/vm.log &
      machines[vm]=$!
      wait_for_machine vm
      until ip -o link show master svbr0 | grep -q LOWER_UP; do sleep 0.05; done
      ip -o link show master svbr0 | awk '{ print $2 }'
      end_machine vm
      """)
    #expect(lines.last == "tap0:", "\(lines)")
  }
}
