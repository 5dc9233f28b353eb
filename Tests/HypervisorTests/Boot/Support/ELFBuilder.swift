@testable import Hypervisor

/// An ELF64 executable out of segments.
struct ELFBuilder {
  struct Segment {
    var type: UInt32 = 1
    var virtual: UInt64?
    var physical: UInt64
    var content: [UInt8] = []
    /// The size in memory; the content's size where nil.
    var memorySize: UInt64?
    /// The size that the header gives; the content's where nil.
    var fileSize: UInt64?
    var alignment: UInt64 = 4
  }

  var fileClass: UInt8 = 2
  var data: UInt8 = 1
  var type: UInt16 = 2
  var machine: UInt16 = 62
  var entry: UInt64 = 0x20_0000
  var programHeaderSize: UInt16 = 56
  var segments = [Segment(physical: 0x20_0000, content: Array("kernel".utf8))]

  /// A segment of notes with one of `type` and `content`, behind one of somebody else.
  static func notes(name: String = "Xen", type: UInt32 = 18, content: [UInt8], alignment: Int = 4) -> Segment
  {
    func note(_ name: String, _ type: UInt32, _ content: [UInt8]) -> [UInt8] {
      var bytes = LittleEndianBytes(zeroes: 12)
      bytes.store(UInt32(name.utf8.count + 1), at: 0)
      bytes.store(UInt32(content.count), at: 4)
      bytes.store(type, at: 8)
      return padded(padded(bytes.bytes + Array(name.utf8) + [0]) + content)
    }
    func padded(_ bytes: [UInt8]) -> [UInt8] {
      bytes + [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
    }
    return Segment(
      type: 4, physical: 0, content: note("GNU", 18, [1, 2, 3]) + note(name, type, content),
      alignment: UInt64(alignment))
  }

  var bytes: [UInt8] {
    var file = LittleEndianBytes(zeroes: 64 + segments.count * 56)
    var content: [UInt8] = []
    file.store(bytes: [0x7F, 0x45, 0x4C, 0x46, fileClass, data, 1], at: 0)
    file.store(data == 2 ? type.byteSwapped : type, at: 16)
    file.store(data == 2 ? machine.byteSwapped : machine, at: 18)
    file.store(entry, at: 24)
    file.store(UInt64(64), at: 32)
    file.store(programHeaderSize, at: 54)
    file.store(UInt16(segments.count), at: 56)
    for (index, segment) in segments.enumerated() {
      let header = 64 + index * 56
      file.store(segment.type, at: header)
      file.store(UInt64(file.count + content.count), at: header + 8)
      file.store(segment.virtual ?? segment.physical, at: header + 16)
      file.store(segment.physical, at: header + 24)
      file.store(segment.fileSize ?? UInt64(segment.content.count), at: header + 32)
      file.store(segment.memorySize ?? UInt64(segment.content.count), at: header + 40)
      file.store(segment.alignment, at: header + 48)
      content += segment.content
    }
    return file.bytes + content
  }
}
