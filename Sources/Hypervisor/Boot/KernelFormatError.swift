/// Why a file is not a kernel that can be booted. Descriptions are predicates, to stand after the
/// file's name; hints say what to give instead.
public enum KernelFormatError: Error, Hashable, Sendable {
  case file(ImageFileError)
  case empty
  case bzImage(BzImageError)
  case elf(ELFError)
  case multiboot(MultibootError)
  /// Something well known that is no kernel, or no kernel for this machine.
  case foreign(ForeignFormat)
  case unknown
}

extension KernelFormatError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .empty: "is empty"
    case .bzImage(let error): error.description
    case .elf(let error): error.description
    case .multiboot(let error): error.description
    case .foreign(let format): format.description
    case .unknown: "is not a kernel image that swiftvm knows"
    }
  }

  public var hint: String? {
    switch self {
    case .file(let error): error.hint
    case .empty: "download or copy it again"
    case .bzImage(let error): error.hint
    case .elf(let error): error.hint
    case .multiboot(let error): error.hint
    case .foreign(let format): format.hint
    case .unknown:
      "give a bzImage (a distribution's vmlinuz) or an x86-64 ELF vmlinux, or raw code as a flat image"
    }
  }
}
