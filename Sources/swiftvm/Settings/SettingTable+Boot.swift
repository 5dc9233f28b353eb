internal import Hypervisor

extension SettingTable {
  static let boot = [
    Setting(
      "kernel", short: "k", .boot,
      .text("FILE") { plan, path in
        plan.image = .kernel(path: path, initrd: nil)
      } read: {
        if case .kernel(let path, _) = $0.image { path } else { nil }
      },
      help: "bzImage or ELF vmlinux",
      manual: """
        bzImage, ELF64 vmlinux (PVH or 64-bit Linux protocol), bare-metal ELF64 or Multiboot image, told by content.

        A Multiboot image (version 1) is entered as its specification says, so test kernels made for QEMU's `-kernel` \
        run as they are: `-i` is its one module, its command line is the file's name and what `-a` and `--append-only` \
        say, without the default. A video mode cannot be had; a header that requires one, or what nobody knows, is \
        refused. An image may lie anywhere in RAM, below 1 MiB too.
        """,
      path: .read(.whole), completion: .files, displaces: ["flat"]),
    Setting(
      "flat", .boot,
      .text("FILE") { plan, path throws(Failure) in
        guard plan.image == nil else {
          throw Failure(.usage, "both --kernel and --flat given", hint: "a machine starts one of the two")
        }
        plan.image = .flat(path: path)
      } read: {
        if case .flat(let path) = $0.image { path } else { nil }
      },
      help: "Boot sector, entered at 0x7c00 in real mode",
      manual: "Instead of `-k`: raw bytes, loaded at 0x7c00 and entered there in 16-bit real mode.",
      path: .read(.whole), completion: .files,
      // They belong to a kernel, and a flat image takes none.
      displaces: ["kernel", "initrd", "append", "append-only"]),
    Setting(
      "initrd", short: "i", .boot,
      .text("FILE") { plan, initrd throws(Failure) in
        switch plan.image {
        case .kernel(let path, _): plan.image = .kernel(path: path, initrd: initrd)
        case .flat:
          throw Failure(
            .usage, "a flat image takes no initrd", hint: "leave --initrd out, or give a kernel with -k")
        case nil: break
        }
      } read: {
        if case .kernel(_, let initrd) = $0.image { initrd } else { nil }
      },
      help: "Initial RAM disk", manual: "Initial RAM disk, or a Multiboot image's one module.",
      path: .read(.whole), completion: .files),
    Setting(
      "append", short: "a", aliases: ["cmdline", "params"], .boot,
      .list("ARGS") { plan, words throws(Failure) in
        if !words.isEmpty { try checkTakesArguments(plan) }
        plan.append = words
      } read: {
        $0.append
      },
      help: "Add kernel arguments (again for more)", manual: "Adds kernel arguments; again for more."),
    Setting(
      "append-only", .boot,
      .text("ARGS") { plan, words throws(Failure) in
        try checkTakesArguments(plan)
        plan.appendOnly = words
      } read: {
        $0.appendOnly
      },
      standard: "console=ttyS0", help: "The kernel arguments instead",
      manual: "Replaces the default kernel arguments."),
  ]

  private static func checkTakesArguments(_ plan: MachinePlan) throws(Failure) {
    guard case .flat = plan.image else { return }
    throw Failure(
      .usage, "a flat image takes no kernel arguments",
      hint: "leave --append and --append-only out, or give a kernel with -k")
  }
}
