internal import Devices

/// Where everything goes that a kernel is booted with; nothing of it is in memory yet.
struct BootPlan {
  let image: KernelImage
  let header: SetupHeader
  let placement: KernelPlacement
  /// Where the rest goes.
  let places: BootPlaces
  let initrd: Initrd?
  /// What the initrd's file is called.
  let initrdName: String?
  let lineText: String
  /// With its NUL.
  let commandLine: [UInt8]

  /// Reads kernel and initrd into guest memory.
  func read(
    _ file: ImageFile, initrd: ImageFile?, into memory: GuestMemory, isCancelled: () -> Bool
  ) throws(BootError) {
    try reason({ BootError.kernelFile(name: file.name, $0) }) { () throws(ImageFileError) in
      try placement.load(file, into: memory, isCancelled: isCancelled)
    }
    guard let initrd, let range = self.initrd?.range else { return }
    try reason({ BootError.initrd(name: initrd.name, .file($0)) }) { () throws(ImageFileError) in
      try initrd.load(range.size, from: 0, into: memory, at: range.base, isCancelled: isCancelled)
    }
  }

  /// Writes what the entry's protocol asks for.
  func writeTables(
    memoryMap: MemoryMap, rsdp: GuestAddress, into memory: GuestMemory
  ) throws(BootError) {
    try reason({ BootError.outsideGuestMemory($0) }) { () throws(OutOfGuestMemory) in
      switch placement.entry {
      case .linux64:
        let tables = places[.pageTables]
        try memory.write(bytes: LongMode.pageTables(at: tables), at: tables)
        try memory.write(bytes: BootGDT.bytes(code: .code64), at: places[.gdt])
        try memory.write(bytes: bootParameters(memoryMap, rsdp).bytes, at: places[.bootParameters])
      case .linux32:
        try memory.write(bytes: BootGDT.bytes(code: .code32), at: places[.gdt])
        try memory.write(bytes: bootParameters(memoryMap, rsdp).bytes, at: places[.bootParameters])
      case .pvh:
        let info = PVHStartInfo(
          at: places[.startInfo], commandLine: places[.commandLine], initrd: initrd?.range,
          memoryMap: memoryMap, rsdp: rsdp)
        try memory.write(bytes: BootGDT.bytes(code: .code32), at: places[.gdt])
        try memory.write(bytes: info.bytes, at: places[.startInfo])
      case .multiboot:
        let info = MultibootInfo(
          at: places[.startInfo], commandLine: places[.commandLine], module: module, memoryMap: memoryMap)
        try memory.write(bytes: BootGDT.bytes(code: .code32), at: places[.gdt])
        try memory.write(bytes: info.bytes, at: places[.startInfo])
      case .realMode:
        return
      }
      try memory.write(bytes: commandLine, at: places[.commandLine])
    }
  }

  private var module: MultibootInfo.Module? {
    guard let range = initrd?.range else { return nil }
    return MultibootInfo.Module(range: range, name: initrdName ?? "")
  }

  private func bootParameters(_ memoryMap: MemoryMap, _ rsdp: GuestAddress) -> BootParameters {
    var load: GuestAddress?
    if case .bzImage = image { load = placement.pieces.first?.range.base }
    return BootParameters(
      header: header, load: load, commandLine: places[.commandLine], initrd: initrd?.range,
      memoryMap: memoryMap, rsdp: rsdp)
  }
}
