/// A term of AML, the byte code of ACPI: exactly the bytes it encodes to (ACPI 6.5 section 20.2).
///
/// AML is a prefix code. A term is an opcode and then its operands, each a term again, so a tree is
/// built by writing terms inside terms, and needs no other representation than its bytes:
///
///     AML.scope(#"\_SB"#, [
///       .device("COM1", [
///         .name("_HID", .eisaID("PNP0501")),
///         .name("_UID", 0),
///       ])
///     ])
///
/// Literals mean what they mean in ASL, the source language: `0` is an Integer, `"ACPI0007"` a String.
/// Names in the tree are constants of this program; a name or a size that AML has no encoding for is
/// a programming error and traps.
struct AML: Hashable, Sendable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// A term with a body: `opcode`, PkgLength, body. The length lets an interpreter skip the term.
  init(_ opcode: [UInt8], package body: [UInt8]) {
    bytes = opcode + Self.packageLength(of: body.count) + body
  }

  /// PkgLength of a body of `count` bytes (section 20.2.4); it counts its own bytes as well.
  ///
  /// Up to 63 fit one byte. More takes a first byte that says in its top two bits how many bytes
  /// follow (1 to 3) and holds the low four bits of the length; the followers hold the rest.
  static func packageLength(of count: Int) -> [UInt8] {
    if count + 1 < 1 << 6 { return [UInt8(count + 1)] }
    for followers in 1...3 {
      let total = count + 1 + followers
      guard total < 1 << (4 + 8 * followers) else { continue }
      return [UInt8(followers << 6 | total & 0xF)]
        + (0..<followers).map { UInt8(truncatingIfNeeded: total >> (4 + 8 * $0)) }
    }
    preconditionFailure("an AML term of 256 MiB or more")
  }
}

// MARK: Names (section 20.2.2)

extension AML {
  /// A NameString such as `_HID`, `PCI0.COM1` or `\_SB`, as a term: a reference to what it names.
  static func path(_ path: String) -> AML {
    var rest = Substring(path)
    var bytes: [UInt8] = []
    while let prefix = rest.first, prefix == "\\" || prefix == "^" {
      bytes += rest.removeFirst().utf8
    }
    let segments = rest.split(separator: ".").map(segment)
    switch segments.count {
    case 0: bytes.append(0x00)
    case 1: break
    case 2: bytes.append(0x2E)
    default: bytes += [0x2F, UInt8(segments.count)]
    }
    return AML(bytes + segments.joined())
  }

  /// A NameSeg: four of A-Z, 0-9 and _, no digit first; a shorter one is padded with underscores.
  private static func segment(_ name: Substring) -> [UInt8] {
    let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let padding = UInt8(ascii: "_")
    let bytes = Array(name.utf8)
    precondition(
      (1...4).contains(bytes.count) && !digits.contains(bytes[0])
        && bytes.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == padding },
      "not an ACPI name")
    return bytes + Array(repeating: padding, count: 4 - bytes.count)
  }
}

// MARK: Data (section 20.2.3)

extension AML: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
  init(integerLiteral value: UInt64) { self = .integer(value) }
  init(stringLiteral value: String) { self = .string(value) }

  /// An Integer in its shortest form.
  static func integer(_ value: some UnsignedInteger) -> AML {
    switch UInt64(value) {
    case 0, 1: AML([UInt8(value)])
    case ...0xFF: AML([0x0A, UInt8(value)])
    case ...0xFFFF: AML([0x0B] + UInt16(value).littleEndianBytes)
    case ...0xFFFF_FFFF: AML([0x0C] + UInt32(value).littleEndianBytes)
    default: AML([0x0E] + UInt64(value).littleEndianBytes)
    }
  }

  /// A String of ASCII characters, without NUL.
  static func string(_ text: String) -> AML {
    precondition(text.utf8.allSatisfy { (1...0x7F).contains($0) }, "AML strings are ASCII")
    return AML([0x0D] + text.utf8 + [0])
  }

  /// An EISA id such as `PNP0A08`, packed into 32 bits: three letters of five bits, four hexadecimal
  /// digits, most significant byte first (section 19.3.4).
  static func eisaID(_ id: String) -> AML {
    let characters = Array(id.utf8)
    guard characters.count == 7, let product = UInt32(id.suffix(4), radix: 16) else {
      preconditionFailure("not an EISA id")
    }
    let vendor = characters[..<3].reduce(UInt32(0)) { $0 << 5 | UInt32($1 & 0x1F) }
    return .integer((vendor << 16 | product).byteSwapped)
  }

  static func buffer(_ contents: [UInt8]) -> AML {
    AML([0x11], package: AML.integer(UInt(contents.count)).bytes + contents)
  }

  /// A Buffer that holds a UUID, its first three groups little-endian (section 19.6.142).
  static func uuid(_ text: String) -> AML {
    let groups = text.split(separator: "-").map { group in
      stride(from: 0, to: group.utf8.count, by: 2).map { offset in
        UInt8(group.dropFirst(offset).prefix(2), radix: 16) ?? 0
      }
    }
    precondition(groups.map(\.count) == [4, 2, 2, 2, 6], "not a UUID")
    return .buffer(Array(groups[..<3].flatMap { $0.reversed() } + groups[3...].joined()))
  }

  /// A Package of at most 255 elements.
  static func package(_ elements: [AML]) -> AML {
    AML([0x12], package: [UInt8(elements.count)] + elements.flatMap(\.bytes))
  }

  /// A Buffer of resource descriptors and their end tag, as `_CRS` holds it.
  static func resources(_ descriptors: [ResourceDescriptor]) -> AML {
    .buffer(ResourceDescriptor.template(descriptors))
  }
}

// MARK: Namespace objects (section 20.2.5)

extension AML {
  /// Opens the scope of an object that exists and defines `terms` in it.
  static func scope(_ path: String, _ terms: [AML]) -> AML {
    AML([0x10], package: AML.path(path).bytes + terms.flatMap(\.bytes))
  }

  static func device(_ name: String, _ terms: [AML]) -> AML {
    AML([0x5B, 0x82], package: AML.path(name).bytes + terms.flatMap(\.bytes))
  }

  static func name(_ name: String, _ value: AML) -> AML {
    AML([0x08] + AML.path(name).bytes + value.bytes)
  }

  /// Names I/O ports.
  static func portRegion(_ name: String, base: UInt64, size: UInt64) -> AML {
    let systemIO: UInt8 = 1
    return AML(
      [0x5B, 0x80] + AML.path(name).bytes + [systemIO] + AML.integer(base).bytes + AML.integer(size).bytes)
  }

  /// Names the first byte of a region, which is accessed by bytes.
  static func byteField(_ name: String, of region: String) -> AML {
    let byteAccess: UInt8 = 1
    let bits: UInt8 = 8
    return AML(
      [0x5B, 0x81], package: AML.path(region).bytes + [byteAccess] + AML.path(name).bytes + [bits])
  }

  /// A control method of 0 to 7 arguments. It is serialized, one thread in it at a time, because a
  /// method that creates names must be.
  static func method(_ name: String, arguments: UInt8, _ terms: [AML]) -> AML {
    precondition(arguments <= 7, "a method has at most seven arguments")
    let serialized: UInt8 = 1 << 3
    return AML([0x14], package: AML.path(name).bytes + [arguments | serialized] + terms.flatMap(\.bytes))
  }
}

// MARK: Statements and operators of methods (section 20.2.5)

extension AML {
  /// The method's argument 0 to 6.
  static func argument(_ index: UInt8) -> AML {
    precondition(index <= 6, "a method has at most seven arguments")
    return AML([0x68 + index])
  }

  static func `if`(_ condition: AML, then terms: [AML], else otherwise: [AML] = []) -> AML {
    let branch = AML([0xA0], package: condition.bytes + terms.flatMap(\.bytes))
    if otherwise.isEmpty { return branch }
    return AML(branch.bytes + AML([0xA1], package: otherwise.flatMap(\.bytes)).bytes)
  }

  static func equal(_ left: AML, _ right: AML) -> AML {
    AML([0x93] + left.bytes + right.bytes)
  }

  static func not(_ operand: AML) -> AML {
    AML([0x92] + operand.bytes)
  }

  static func store(_ value: AML, into target: AML) -> AML {
    AML([0x70] + value.bytes + target.bytes)
  }

  /// `target |= bits`.
  static func or(_ bits: AML, into target: AML) -> AML {
    AML([0x7D] + target.bytes + bits.bytes + target.bytes)
  }

  /// Names the 32 bits at byte `offset` of a Buffer.
  static func createDWordField(_ name: String, of buffer: AML, at offset: AML) -> AML {
    AML([0x8A] + buffer.bytes + offset.bytes + AML.path(name).bytes)
  }

  static func `return`(_ value: AML) -> AML {
    AML([0xA4] + value.bytes)
  }
}
