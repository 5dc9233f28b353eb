internal import Devices

/// The kernel's command line. (The name keeps clear of Swift's own `CommandLine`.)
public struct KernelCommandLine: Hashable, Sendable {
  /// What a kernel is told unless the user replaces it.
  ///
  /// `console=ttyS0`: the serial port is the only console; with a distribution's kernel nothing would
  /// be seen without it.
  ///
  /// Nothing else is needed, and everything else would take something away: rebooting works through
  /// ACPI as it is, hardware is found or found missing without delay, and what to do after a panic is
  /// the user's to say.
  public static let defaultArguments = "console=ttyS0"

  public let text: String
  /// The same without the default arguments.
  private let asked: String

  /// Joins arguments by spaces.
  /// - Parameters:
  ///   - append: added after the default arguments, in this order.
  ///   - appendOnly: replaces the default arguments.
  public init(append: [String] = [], appendOnly: String? = nil) throws(KernelCommandLineError) {
    text = Self.joined([appendOnly ?? Self.defaultArguments] + append)
    asked = Self.joined([appendOnly ?? ""] + append)
    for (offset, scalar) in text.unicodeScalars.enumerated() where scalar.isControl {
      throw KernelCommandLineError.controlCharacter(scalar, position: offset + 1)
    }
  }

  private init(text: String) {
    self.text = text
    asked = text
  }

  private static func joined(_ parts: [String]) -> String {
    parts.filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// What a program other than Linux gets, as Multiboot loaders give it: its name, and only what was asked for.
  func forProgram(named name: String) -> KernelCommandLine {
    KernelCommandLine(text: Self.joined([name, asked]))
  }

  /// The line in UTF-8 with its NUL.
  /// - Parameter kernelLimit: bytes that the kernel takes, the NUL not counted.
  func bytes(kernelLimit: Int) throws(KernelCommandLineError) -> [UInt8] {
    let limit = min(kernelLimit, Layout.commandLineCapacity - 1)
    let bytes = [UInt8](text.utf8)
    guard bytes.count <= limit else {
      throw KernelCommandLineError.tooLong(length: bytes.count, limit: limit)
    }
    return bytes + [0]
  }
}

/// Why a command line cannot be given to the kernel.
public enum KernelCommandLineError: Error, Hashable, Sendable {
  /// The position counts characters from 1 in the whole line.
  case controlCharacter(Unicode.Scalar, position: Int)
  /// Lengths in bytes, the NUL not counted.
  case tooLong(length: Int, limit: Int)
}

extension KernelCommandLineError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .controlCharacter(let scalar, let position):
      "the kernel command line has \(scalar.controlName) at position \(position)"
    case .tooLong(let length, let limit):
      "the kernel command line has \(length) bytes, this kernel takes \(limit)"
    }
  }

  public var hint: String {
    switch self {
    case .controlCharacter: "separate arguments by spaces"
    case .tooLong: "shorten it: the kernel would cut off its end"
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }

  fileprivate var controlName: String {
    switch value {
    case 0: "a NUL"
    case 0x09: "a tab"
    case 0x0A: "a newline"
    case 0x0D: "a carriage return"
    default:
      "the control character U+" + String(repeating: "0", count: value < 0x10 ? 3 : 2)
        + String(value, radix: 16, uppercase: true)
    }
  }
}
