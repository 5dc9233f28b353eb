import Devices
import Glibc
import SystemPackage

@testable import Hypervisor

/// A file in memory that holds `bytes`, opened for reading.
func imageFile(_ bytes: [UInt8], name: String = "FILE") throws -> ImageFile {
  try ImageFile(descriptor(bytes), name: name)
}

/// A nameless file with `bytes` in it.
func descriptor(
  _ bytes: [UInt8], mode: FileDescriptor.AccessMode = .readWrite
) throws -> OwnedDescriptor {
  let path = "/dev/shm/swiftvm-test-\(UInt64.random(in: 0...(.max)))"
  let file = try FileDescriptor.open(
    FilePath(path), mode, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
  // unlink copies the path before it returns.
  _ = unsafe unlink(path)
  try file.writeAll(bytes)
  return OwnedDescriptor(takingOver: file.rawValue)
}

/// What `body` throws of a type; nil where it throws nothing, and any other error goes on.
func thrown<Failure: Error, Value>(
  _ type: Failure.Type, _ body: () throws -> Value
) throws -> Failure? {
  do {
    _ = try body()
    return nil
  } catch let error as Failure {
    return error
  }
}

extension MemoryMap {
  init(mebibytes: UInt64) {
    self.init(ramSize: mebibytes << 20)
  }
}

extension UInt64 {
  static let mebibyte: UInt64 = 1 << 20
}
