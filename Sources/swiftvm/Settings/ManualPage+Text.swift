extension ManualPage {
  static let description = """
    swiftvm is a hypervisor on Linux' KVM. `swiftvm run` makes a machine, starts it at its kernel, without firmware, and \
    stays in the foreground while it runs. What the guest writes to its serial port, and nothing else, goes to standard \
    output; messages go to standard error.
    """

  static let forms = """
    `FOLDER` has a `machine.json` with options as `--config` takes them, and paths that begin in the folder; flags win.

    An option's value is the next word, or stands behind an equals sign (`--memory=2G`). A flag alone is said by its \
    name. Behind `--` there are no options.
    """

  static let statuses = """
    With `--debug-exit` a guest can choose another one.

    An error is one line, `error:`, and mostly a second one, `hint:`, on standard error. Nothing waits there for a \
    reader: messages, `--exit-stats` and reports of crashes that a full pipe does not take within a moment are dropped, \
    and their number told later.
    """

  static let signals = """
    At the terminal, Ctrl-A x ends the machine, Ctrl-A b sends a break, Ctrl-A a sends Ctrl-A, Ctrl-A h helps.

    SIGTERM asks the guest to power off, a second one ends it at once, as do SIGINT, SIGHUP and SIGQUIT; while the \
    machine is made, each of them ends it. SIGUSR1 prints what `--exit-stats` counted.
    """

  static let files: [(path: String, what: String)] = [
    ("/dev/kvm", "the kernel's hypervisor; `swiftvm doctor` looks at it"),
    (
      "/run/swiftvm",
      "root's networks and machines that run; those of others are in `$XDG_RUNTIME_DIR/swiftvm`"
    ),
    ("machine.json", "in a folder: what `swiftvm run FOLDER` runs"),
  ]

  static let examples = [
    "swiftvm run -k vmlinuz -i initrd.img",
    "swiftvm run -k vmlinuz -i initrd.img -m 2G -c 2 -d disk.img -a root=/dev/vda1",
    "sudo swiftvm run -k vmlinuz -i initrd.img --net nat --publish 8080:80 --name web",
    "swiftvm run guests/paging --exit-stats",
    "swiftvm bench exits",
  ]
}
