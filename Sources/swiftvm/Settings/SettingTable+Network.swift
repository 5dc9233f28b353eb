internal import Hypervisor

extension SettingTable {
  static let network = [
    Setting(
      "net", short: "n", .network,
      .list("CARD") { plan, texts throws(Failure) in
        plan.cards = try NetworkOption.cards(texts)
      } read: {
        $0.cards.map(NetworkOption.text)
      },
      help:
        "none, nat[=NAME], user, bridge=NAME, tap=NAME,\nfd=N; [,KEY=VALUE...]: mac, mtu, queues, vhost, id",
      manual: """
        A network card, again for more, in the guest's order; a comma in a value is written twice:
        * `nat`: the virtual network `default`, brought up where it is not; needs CAP_NET_ADMIN
        * `nat=NAME`: the virtual network of that name
        * `user`: a network without any privilege, by passt
        * `bridge=NAME`: a port of a bridge of the host, which must exist; needs CAP_NET_ADMIN
        * `tap=NAME`: a TAP device; one that is not there is made and brought up, where swiftvm may, and vanishes \
        with the machine
        * `fd=N`: a descriptor that whoever started swiftvm attached with IFF_TAP, IFF_NO_PI and IFF_VNET_HDR
        * `none`: no card, where a configuration file has some

        Behind that, each at most once:
        * `mac=MAC`: its address, such as `02:00:00:12:34:56`; without it one that stays the same
        * `mtu=N`: the largest packet that the guest is told of, and the TAP is set to
        * `queues=N`: pairs of queues (`1`); the TAP must have been made with `multi_queue`, or by swiftvm
        * `vhost=auto|on|off`: whether the host's kernel moves the frames (`auto`: where it can)
        * `id=NAME`: a name of the card
        """,
      completion: .words(["nat", "nat=", "user", "bridge=", "tap=", "fd=", "none"])),
    Setting(
      "publish", .network,
      .list("PORTS") { plan, texts throws(Failure) in
        plan.published = try PublishOption.ports(texts, cards: plan.cards)
      } read: {
        $0.published.map { "\($0)" }
      },
      help: "[HOST_IP:]HOST_PORT:GUEST_PORT[/udp], again for more",
      manual: """
        `[HOST_IP:]HOST_PORT:GUEST_PORT[/udp]`: a port of the host that leads to the guest's first card of `nat` or \
        `user`; again for more.
        """),
    Setting(
      "name", .network,
      .text("NAME") { plan, name throws(Failure) in
        plan.name = try MachineName.checked(name)
      } read: {
        $0.name
      },
      standard: "vm1, vm2 and so on", help: "The machine's name",
      manual: """
        What `swiftvm list` and `swiftvm ip` call the machine, and guests of its network: letters, digits and hyphens.
        """),
  ]
}
