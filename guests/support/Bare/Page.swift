/// Whole pages of memory, for what a device or the processor reads by itself.
public enum Page {
  public static let size = 4096

  /// Zeroed memory at a page's start. It is never given back.
  public static func allocate(_ count: Int = 1) -> Memory {
    let block = UnsafeMutableRawPointer.allocate(byteCount: count * size, alignment: size)
    // The block is as large as told, and nobody else's yet.
    unsafe block.initializeMemory(as: UInt8.self, repeating: 0, count: count * size)
    return Memory(at: UInt64(UInt(bitPattern: block)))
  }
}
