internal import CLinux
internal import Devices
internal import SystemPackage

extension OwnedDescriptor {
  /// Writes `text` at the file's beginning, where its position stays.
  func fill(with text: String) throws(Errno) {
    let bytes = Array(text.utf8)
    // The array is as long as told.
    let count = unsafe clinux_write_at(number, bytes, bytes.count, 0)
    guard count == bytes.count else { throw count < 0 ? Errno(rawValue: Int32(-count)) : .noSpace }
  }

  /// All that is in the file, wherever its position is, or as much of it as can be read.
  func content() -> String {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      // The array is as long as told.
      let count = unsafe clinux_read_at(number, &chunk, chunk.count, UInt64(content.count))
      guard count > 0 else { return String(decoding: content, as: UTF8.self) }
      content += chunk[..<count]
    }
  }
}
