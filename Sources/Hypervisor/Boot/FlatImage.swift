internal import Devices

/// A flat image: loaded at 0x7C00 and entered there in real mode, as a BIOS does with a boot sector.
struct FlatImage: Sendable {
  /// The most that fits between 0x7C00 and the EBDA, in bytes.
  static let limit = Layout.ebda.value - Layout.flatImage.value

  let range: GuestRange

  init(_ file: ImageFile) throws(FlatImageError) {
    // What cannot be read is told when it is loaded.
    let head = LittleEndianBytes((try? file.head(SetupHeader.limit)) ?? [])
    if head.holds(ELFImage.magic, at: 0) { throw FlatImageError.kernel("an ELF file") }
    if SetupHeader.isPresent(in: head) { throw FlatImageError.kernel("a Linux bzImage") }
    guard file.size <= Self.limit else {
      throw FlatImageError.tooLarge(size: file.size, limit: Self.limit)
    }
    guard let range = GuestRange(exactly: Layout.flatImage.value, size: file.size) else {
      throw FlatImageError.empty
    }
    self.range = range
  }

  var format: String { "flat image, \(range.size) bytes, real mode" }

  func load(_ file: ImageFile, into memory: GuestMemory) throws(FlatImageError) {
    do {
      try file.load(range.size, from: 0, into: memory, at: range.base)
    } catch {
      throw FlatImageError.file(error)
    }
  }
}

/// Why a flat image cannot be loaded. Descriptions are predicates, to stand after the file's name.
public enum FlatImageError: Error, Hashable, Sendable {
  case file(ImageFileError)
  case empty
  /// Sizes in bytes.
  case tooLarge(size: UInt64, limit: UInt64)
  /// No raw code, but what has this name.
  case kernel(String)
}

extension FlatImageError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .empty: "is empty"
    case .tooLarge(let size, let limit): "has \(size) bytes, a flat image may have \(limit)"
    case .kernel(let name): "is \(name), not raw code for real mode"
    }
  }

  public var hint: String? {
    switch self {
    case .file(let error): error.hint
    case .empty: "assemble or copy it again"
    case .tooLarge: "give the first sectors only and let them load the rest; kernels go with -k"
    case .kernel: "give it with -k, which looks at the file's headers"
    }
  }
}
