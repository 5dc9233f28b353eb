import ProcessSupport
import Testing

/// Virtual networks with bare-metal guests that take their addresses by DHCP and answer, see guests/station.
@Suite(.program, .root, .kvm) struct NetworkedGuestTests {
  @Test func `guests are pinged by the host and by each other, and answer at ports published by UDP`()
    async throws
  {
    let lines = try await NetworkScript.lines(
      """
      add_world
      \(NetworkScript.docker)
      state > /run/before
      station one --net nat --publish 5007:7/udp --publish 203.0.113.1:5008:7/udp
      station two --net nat
      ping -q -c 3 -w 600 "$(address_of one)" >/dev/null && echo pinged
      send_ping one "$(address_of two)" && echo one pinged two
      send_ping two "$(address_of one)" && echo two pinged one
      in_ns world bash -c 'echo_from 203.0.113.1 5007 "from outside"'
      in_ns world bash -c 'echo_from 203.0.113.1 5008 "from outside, by one address"'
      echo_from 127.0.0.1 5007 'from the host'
      end_machine one
      end_machine two
      state | diff - /run/before && echo as it was
      "$vm" net up >/dev/null
      state > /run/up
      station one --net nat --publish 5007:7/udp --publish 8080:80
      echo_from 127.0.0.1 5007 'again'
      end_machine one
      state | diff - /run/up && echo as it was while up
      "$vm" net down >/dev/null
      state | diff - /run/before && echo as it was when down
      """)
    #expect(
      lines == [
        "pinged", "one pinged two", "two pinged one", "from outside",
        "from outside, by one address", "from the host", "as it was", "again", "as it was while up",
        "as it was when down",
      ])
  }

  @Test func `guests that start at once share a network, and nothing else`() async throws {
    let count = 20
    let lines = try await NetworkScript.lines(
      """
      state > /run/before
      names=$(seq -f m%g \(count))
      for name in $names; do start_station "$name" --net nat; done
      for name in $names; do wait_for_station "$name"; done
      for name in $names; do address_of "$name"; done | sort > /run/taken
      echo "$(uniq /run/taken | wc -l) taken"
      sed '/^duid/,$ d' /run/swiftvm/networks/default/leases | cut -d ' ' -f 3 | sort | cmp - /run/taken && echo leases agree
      for name in $names; do "$vm" ip "$name" | head -n 1; done | sort | cmp - /run/taken && echo ip agrees
      "$vm" list --json | tr -d '\\n' | grep -o '"addresses" : \\[[^]]*' | grep -o '[0-9.]\\{7,\\}' |
          sort | cmp - /run/taken && echo list agrees
      for name in $names; do
          ping -q -c 1 -w 600 "$(address_of "$name")" >/dev/null && echo "$name"
      done | wc -l | sed 's/$/ pinged/'
      cat /run/swiftvm/machines/*.json | sed -n 's/.*"\\(mac\\|interface\\|name\\)" : "\\(.*\\)".*/\\1 \\2/p' |
          sort -u | cut -d ' ' -f 1 | uniq -c | sed 's/^ *//'
      ip -o link show type bridge | wc -l
      for name in $names; do kill -INT "${machines[$name]}"; done
      wait
      state | diff - /run/before && echo as it was
      """)
    #expect(
      lines == [
        "\(count) taken", "leases agree", "ip agrees", "list agrees", "\(count) pinged", "\(count) interface",
        "\(count) mac", "\(count) name", "1", "as it was",
      ])
  }

  @Test func `a guest that is started anew after it was killed with its dnsmasq is where it was`()
    async throws
  {
    let lines = try await NetworkScript.lines(
      """
      state > /run/before
      station one --net nat --publish 5007:7/udp
      station two --net nat
      address_of one > /run/old
      kill_machine one
      kill_dnsmasq
      "$vm" list >/dev/null
      nft list table inet swiftvm-default | grep -c dport || echo not published
      station one --net nat --publish 5007:7/udp
      address_of one | cmp - /run/old && echo where it was
      echo_from 127.0.0.1 5007 'published again'
      send_ping two "$(address_of one)" && echo pinged
      send_ping two 192.168.122.1 && echo the host pinged
      kill_dnsmasq
      kill_machine one
      kill_machine two
      "$vm" list | tail -n +2
      state | diff - /run/before && echo as it was
      """)
    #expect(
      lines == [
        "0", "not published", "where it was", "published again", "pinged", "the host pinged", "as it was",
      ])
  }

  @Test func `a user with nothing but the privilege has networks too`() async throws {
    let lines = try await NetworkScript.lines(
      """
      mkdir -p /run/user/1234
      chown 1234 /run/user/1234
      rights=-all,+net_admin,+net_raw,+net_bind_service
      user=(setpriv --reuid=1234 --regid=1234 --groups="$(stat -c %g /dev/kvm)" --inh-caps=$rights --ambient-caps=$rights
          env XDG_RUNTIME_DIR=/run/user/1234)
      state > /run/before
      "${user[@]}" "$vm" run -k "$guests/station.elf" -m 16 --boot-hint 0 --name web --net nat \\
          >/run/web.out 2>/run/web.log </dev/null &
      machines[web]=$!
      wait_for_station web
      # What the leases tell.
      ip neighbour flush dev svbr0
      "${user[@]}" "$vm" ip web | cmp - <(address_of web) && echo its address
      end_machine web
      state | diff - /run/before && echo as it was
      find /run/user/1234/swiftvm -type f ! -name lock | grep . || echo nothing left
      """)
    #expect(lines == ["its address", "as it was", "nothing left"])
  }
}
