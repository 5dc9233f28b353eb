public import Devices

/// Why a machine cannot be loaded with what it was given to boot.
public enum BootError: Error, Hashable, Sendable {
  case kernelFormat(name: String, KernelFormatError)
  case kernelPlacement(name: String, KernelPlacementError)
  case kernelFile(name: String, ImageFileError)
  case flatImage(name: String, FlatImageError)
  case initrd(name: String, InitrdError)
  case commandLine(KernelCommandLineError)
  /// The memory is not the one that the memory map describes.
  case outsideGuestMemory(OutOfGuestMemory)
}

extension BootError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .kernelFormat(let name, let error): "kernel \(name) \(error)"
    case .kernelPlacement(let name, let error): "kernel \(name) \(error)"
    case .kernelFile(let name, let error): "kernel \(name) \(error)"
    case .flatImage(let name, let error): "flat image \(name) \(error)"
    case .initrd(let name, let error): "initrd \(name) \(error)"
    case .commandLine(let error): error.description
    case .outsideGuestMemory(let place): "no guest memory at \(place.address) for \(place.size) bytes"
    }
  }

  /// What to do next.
  public var hint: String? {
    switch self {
    case .kernelFormat(_, let error): error.hint
    case .kernelPlacement(_, let error): error.hint
    case .kernelFile(_, let error): error.hint
    case .flatImage(_, let error): error.hint
    case .initrd(_, let error): error.hint
    case .commandLine(let error): error.hint
    case .outsideGuestMemory: nil
    }
  }
}
