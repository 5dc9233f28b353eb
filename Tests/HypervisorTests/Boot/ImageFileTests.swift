import Devices
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Hypervisor

struct ImageFileTests {
  @Test func `an image is read by position, again and again`() throws {
    let file = try imageFile(Array("0123456789".utf8))
    for _ in 0..<2 {
      let middle = try file.read(3, at: 4)
      #expect(middle == Array("456".utf8))
    }
    #expect(file.size == 10)
  }

  @Test func `nothing is read of no bytes`() throws {
    let file = try imageFile([])
    let bytes = try file.read(0, at: 0)
    #expect(bytes.isEmpty)
  }

  @Test func `an image goes straight into guest memory`() throws {
    let memory = try GuestMemory([GuestRange(base: 0, size: 0x2000)])
    try imageFile(Array("0123456789".utf8)).load(4, from: 3, into: memory, at: 0x1FFC)
    let bytes = try memory.readBytes(6, at: 0x1FFA)
    #expect(bytes == [0, 0] + Array("3456".utf8))
  }

  @Test func `a read that nobody wants any more ends soon`() throws {
    let size: UInt64 = 40 << 20
    let file = try ImageFile(TemporaryFile(size: size).open(), name: "image")
    let memory = try GuestMemory([GuestRange(base: 0, size: size)])
    var looks = 0
    try file.load(size, from: 0, into: memory, at: 0) {
      looks += 1
      return false
    }
    #expect(looks == 3)
    #expect(throws: ImageFileError.cancelled) {
      try file.load(size, from: 0, into: memory, at: 0) {
        looks += 1
        return looks == 5
      }
    }
    #expect(looks == 5)
  }

  @Test func `no byte is read past guest memory`() throws {
    let memory = try GuestMemory([GuestRange(base: 0, size: 0x2000)])
    let file = try imageFile(Array("0123456789".utf8))
    #expect(throws: ImageFileError.outsideGuestMemory(0x1FFD, size: 4)) {
      try file.load(4, from: 0, into: memory, at: 0x1FFD)
    }
    #expect(throws: ImageFileError.outsideGuestMemory(0, size: .max)) {
      try file.load(.max, from: 0, into: memory, at: 0)
    }
  }

  @Test func `a file that becomes shorter is told with its new end`() throws {
    let descriptor = try descriptor(Array("0123456789".utf8))
    let number = descriptor.number
    let file = try ImageFile(descriptor, name: "FILE")
    #expect(ftruncate(number, 6) == 0)
    #expect(throws: ImageFileError.shrank(to: 6)) { try file.read(4, at: 4) }
  }

  @Test func `no byte is read past the end`() throws {
    let file = try imageFile(Array("0123456789".utf8))
    #expect(throws: ImageFileError.shrank(to: 10)) { try file.read(1, at: 10) }
    #expect(throws: ImageFileError.shrank(to: 10)) { try file.read(1, at: .max) }
  }

  @Test func `a file that is not open for reading says so`() throws {
    let file = try ImageFile(descriptor([1], mode: .writeOnly), name: "FILE")
    let error = try thrown(ImageFileError.self) { try file.read(1, at: 0) }
    #expect(error == .read(offset: 0, .badFileDescriptor))
    #expect(error?.description == "cannot be read at byte 0: Bad file descriptor")
  }

  @Test(arguments: [
    ("/", "is a directory, not a file", "give a file in it"),
    ("/dev/null", "is a character device, not a file", "copy it to a file first"),
  ])
  func `what is not a file is named`(path: String, sentence: String, hint: String) throws {
    let opened = try FileDescriptor.open(FilePath(path), .readOnly).rawValue
    let error = try thrown(ImageFileError.self) {
      try ImageFile(OwnedDescriptor(takingOver: opened), name: path)
    }
    #expect(error?.description == sentence)
    #expect(error?.hint == hint)
  }

  @Test func `a pipe is refused with what to do instead`() throws {
    let ends = try FileDescriptor.pipe()
    defer { try? ends.writeEnd.close() }
    let error = try thrown(ImageFileError.self) {
      try ImageFile(OwnedDescriptor(takingOver: ends.readEnd.rawValue), name: "pipe")
    }
    #expect(error?.description == "is a pipe, not a file")
    #expect(error?.hint == "write it to a file first: it is read again at every reboot")
  }

  @Test func `a descriptor that is closed is an error of fstat`() throws {
    #expect(throws: ImageFileError.status(.badFileDescriptor)) {
      try ImageFile(OwnedDescriptor(takingOver: 1_000_000), name: "closed")
    }
  }
}
