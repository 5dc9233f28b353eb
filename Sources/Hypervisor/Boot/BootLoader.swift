public import Devices

/// What a machine is given to boot.
public enum BootSource: Sendable {
  case kernel(ImageFile, initrd: ImageFile?, commandLine: KernelCommandLine)
  /// A flat image for real mode.
  case flat(ImageFile)
}

/// Loads what a machine boots into its memory, afresh at every start of the guest.
public struct BootLoader: Sendable {
  public let source: BootSource
  public let memoryMap: MemoryMap
  /// Where the ACPI RSDP lies.
  public let rsdp: GuestAddress

  public init(source: BootSource, memoryMap: MemoryMap, rsdp: GuestAddress) {
    self.source = source
    self.memoryMap = memoryMap
    self.rsdp = rsdp
  }

  /// Recognises and places everything before the first byte of memory is written.
  ///
  /// - Parameter isCancelled: asked now and then whether nobody wants it any more.
  public func load(
    into memory: GuestMemory, isCancelled: () -> Bool = { false }
  ) throws(BootError) -> LoadedKernel {
    switch source {
    case .kernel(let file, let initrd, let commandLine):
      let plan = try plan(file, initrd: initrd, commandLine: commandLine)
      try plan.read(file, initrd: initrd, into: memory, isCancelled: isCancelled)
      try plan.writeTables(memoryMap: memoryMap, rsdp: rsdp, into: memory)
      return LoadedKernel(
        entry: plan.placement.entry, places: plan.places, format: plan.image.format,
        isLinux: plan.image.isLinux, range: plan.placement.range,
        initrd: plan.initrd?.range, commandLine: plan.lineText)
    case .flat(let file):
      let image = try reason({ BootError.flatImage(name: file.name, $0) }) { () throws(FlatImageError) in
        let image = try FlatImage(file)
        try image.load(file, into: memory)
        return image
      }
      return LoadedKernel(
        entry: .realMode, places: .usual, format: image.format, isLinux: false, range: image.range,
        initrd: nil, commandLine: nil)
    }
  }

  private func plan(
    _ file: ImageFile, initrd: ImageFile?, commandLine: KernelCommandLine
  ) throws(BootError) -> BootPlan {
    let image = try reason({ BootError.kernelFormat(name: file.name, $0) }) { () throws(KernelFormatError) in
      try KernelImage.recognise(file)
    }
    let placement = try reason({ BootError.kernelPlacement(name: file.name, $0) }) {
      () throws(KernelPlacementError) in try image.placement(in: memoryMap)
    }
    let header = image.setupHeader
    var (given, limit) = (commandLine, header.commandLineSize)
    if case .multiboot = image {
      (given, limit) = (commandLine.forProgram(named: file.name), MultibootImage.commandLineSize)
    }
    let line = try reason({ BootError.commandLine($0) }) { () throws(KernelCommandLineError) in
      try given.bytes(kernelLimit: limit)
    }
    var place: Initrd?
    if let initrd {
      place = try reason({ BootError.initrd(name: initrd.name, $0) }) { () throws(InitrdError) in
        try Initrd(
          size: initrd.size, addressMax: header.initrdAddressMax, memoryMap: memoryMap,
          keepingClearOf: placement.range)
      }
    }
    let taken = placement.pieces.map(\.range) + (place.map { [$0.range] } ?? [])
    let places = try reason({ BootError.kernelPlacement(name: file.name, $0) }) {
      () throws(KernelPlacementError) in
      try BootPlaces(
        for: placement.entry, commandLineSize: line.count, clearOf: taken, in: memoryMap)
    }
    return BootPlan(
      image: image, header: header, placement: placement, places: places, initrd: place,
      initrdName: initrd?.name, lineText: given.text, commandLine: line)
  }
}

/// Gives an error its place among those of the whole boot.
func reason<Value, Cause: Error>(
  _ wrap: (Cause) -> BootError, _ body: () throws(Cause) -> Value
) throws(BootError) -> Value {
  do {
    return try body()
  } catch {
    throw wrap(error)
  }
}
