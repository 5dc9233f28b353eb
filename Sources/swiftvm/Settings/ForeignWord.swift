/// Words that people bring along from other programs for machines, and what says the same here.
enum ForeignWord {
  /// What to do instead of a command.
  static func command(_ word: String) -> String? {
    switch word.lowercased() {
    case "start", "boot", "launch", "create", "new", "qemu-system-x86_64", "kvm":
      "`swiftvm run -k KERNEL -i INITRD` starts a machine, and stays in the foreground while it runs"
    case "ps", "ls", "status", "info", "show", "top", "machines", "vms":
      "`swiftvm list` shows the machines that run"
    case "stop", "shutdown", "poweroff", "down", "kill", "destroy", "delete", "remove", "rm", "terminate":
      "`kill PID` presses a machine's power button, `kill -INT PID` ends it at once; `swiftvm list` shows its PID"
    case "console", "attach", "connect", "exec", "shell", "ssh", "enter":
      "a machine's console is where its run leads it: --serial socket=PATH, say, to be met by socat"
    case "pause", "resume", "suspend", "save", "restore", "snapshot", "migrate":
      "a machine can be neither paused, saved nor moved"
    case "version": "`swiftvm --version` tells it"
    case "check", "diagnose", "capabilities", "host", "hostinfo": "`swiftvm doctor` looks at this host"
    case "network", "networks", "bridge": "`swiftvm net` makes, shows and removes virtual networks"
    case "up": "`swiftvm net up` brings a network up, `swiftvm run` starts a machine"
    case "config", "dumpxml": "`swiftvm run ... --dump-config` prints a machine's options as JSON"
    default: nil
    }
  }

  /// What to write instead of an option, given without its dashes.
  static func option(_ name: String) -> String? {
    switch name {
    // gdb's two of QEMU: another case is another option.
    case "s": "--gdb 1234 lets gdb connect"
    case "S": "--gdb 1234 --gdb-wait stops the guest before its first instruction"
    case "M": board
    default: board(name.lowercased()) ?? parts(name.lowercased()) ?? surroundings(name.lowercased())
    }
  }

  private static let board = "leave it out: there is one kind of machine, and it always runs on KVM"

  private static func board(_ name: String) -> String? {
    switch name {
    case "machine", "accel", "enable-kvm", "kvm", "no-acpi", "no-hpet", "rtc", "nodefaults", "no-user-config":
      board
    case "bzimage", "vmlinuz", "image", "linux": "a kernel goes with -k FILE, or --kernel"
    case "initramfs", "ramdisk", "initrd-file": "an initial RAM disk goes with -i FILE, or --initrd"
    case "args", "kernel-args", "kargs", "bootargs", "cmd", "command-line", "extra-args":
      "kernel arguments go with -a \"ARGS\", or --append"
    case "smp", "vcpu", "vcpus", "cores", "ncpus", "num-cpus": "vCPUs go with -c N, or --cpus"
    case "cpu": "-c N, or --cpus, tells how many vCPUs there are; their model is the host's"
    case "mem", "ram", "memsize", "memory-size": "memory goes with -m SIZE, or --memory: -m 2G"
    case "bios", "firmware", "pflash", "boot", "uefi", "efi", "loader", "option-rom":
      "there is no firmware, and no boot order: a kernel is entered directly, -k FILE"
    default: nil
    }
  }

  private static func parts(_ name: String) -> String? {
    switch name {
    case "drive", "hda", "hdb", "hdc", "hdd", "hd", "blockdev", "block", "rootdisk", "rootfs", "virtio-blk":
      "a disk goes with -d PATH, or --disk; every disk is a virtio disk"
    case "cdrom", "iso", "cd":
      "a CD's image is a disk, -d FILE,readonly=on; the kernel in it goes with -k, its initrd with -i"
    case "netdev", "nic", "network", "netif", "tap", "bridge":
      "a card goes with --net: user, nat, bridge=NAME or tap=NAME"
    case "port", "p", "hostfwd", "redir", "forward": "--publish HOST_PORT:GUEST_PORT leads to the guest"
    case "device":
      "disks go with -d, cards with --net, the port of isa-debug-exit with --debug-exit; all else is there or cannot be had"
    case "rng", "virtio-rng": "there is a source of random numbers already; --no-rng leaves it out"
    case "virtfs", "fsdev", "virtiofs", "share", "shared-dir", "9p":
      "no folder can be shared: give a disk, or copy through the network"
    default: nil
    }
  }

  private static func surroundings(_ name: String) -> String? {
    switch name {
    case "nographic": "leave it out: the serial port is standard input and output, and there are no graphics"
    case "display", "vga", "vnc", "spice", "sdl", "gtk", "curses", "usb", "usbdevice", "audio", "audiodev",
      "soundhw":
      "leave it out: there are no graphics, no sound and no USB; the guest talks by its serial port"
    case "no-reboot": "--on-reboot exit ends the machine where the guest resets it"
    case "no-shutdown": "leave it out: a guest that powers off ends swiftvm"
    case "monitor", "qmp", "mon", "chardev", "api-sock", "api-socket":
      "there is no monitor: see `swiftvm list`, --metrics and --gdb, and Ctrl-A h at the terminal"
    case "stdio": "--serial stdio is the default"
    case "daemonize", "daemon", "background", "detach":
      "swiftvm stays in the foreground: `swiftvm run ... --serial socket=PATH &`"
    case "pidfile", "pid-file": "`swiftvm list --json` tells a machine's process"
    case "snapshot", "loadvm", "savevm", "incoming":
      "neither disks nor machines have snapshots: run on a copy, `cp --reflink=auto`"
    case "config-file", "readconfig": "--config FILE reads options from JSON"
    case "quiet", "q": "swiftvm is quiet unless -v is given; the kernel's own is -a quiet"
    default: nil
    }
  }
}
