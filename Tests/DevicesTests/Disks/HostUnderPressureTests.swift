import CLinux
import CTestSystemCalls
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Devices

/// Disks on a host whose kernel is short of something.
@Suite struct HostUnderPressureTests {
  @Test(
    .enabled(if: clinux_probe_io_uring() == 0, "the host has no io_uring"),
    arguments: [EAGAIN, EBUSY, ENOMEM])
  func `what a ring does not take, the threads do`(error: Int32) throws {
    let file = try TemporaryFile(size: 1 << 20)
    let block = try BlockDriver(RingDisk(ThreadedDisk(file.open())))
    try block.start()
    #expect(try block.perform(1, sector: 7, data: pattern(512, seed: 7)).status == 0)
    let result = Atomic<Int32>(1)
    block.threads[0].post { _ in result.store(ctest_fail_io_uring_enter(error), ordering: .releasing) }
    try block.driver.wait { result.load(ordering: .acquiring) <= 0 }
    #expect(result.load(ordering: .acquiring) == 0)
    // Of one buffer and of several, as many as the queue has descriptors for.
    for round in 0..<10 {
      var requests: [BlockDriver.Request] = []
      for index in 0..<50 {
        let data = pattern(512, seed: UInt64(1000 * round + index))
        requests.append(try block.make(1, sector: UInt64(8 + index), data: data))
        let head = try block.submit(
          try #require(requests.last), readCuts: index % 2 == 0 ? [16] : [16, 100, 300])
        try #require(head != nil)
      }
      for _ in requests { _ = try block.driver.waitForUsed(block.queues[0], 0) }
      for (index, request) in requests.enumerated() {
        #expect(try block.answer(to: request, written: 1).status == 0)
        let expected = pattern(512, seed: UInt64(1000 * round + index))
        #expect(try file.bytes(512, at: UInt64(8 + index) * 512) == expected)
      }
    }
    #expect(try block.perform(0, sector: 7, answer: 512).data == pattern(512, seed: 7))
    #expect(block.monitor.counters.failures == 0)
  }

  @Test func `what is to be stable is synchronised, and the error told`() throws {
    let file = try TemporaryFile(size: 1 << 20)
    let disk = try DiskFile(file.open(), isReadOnly: false, canDiscard: true, cache: .writeback)
    let errors = Mutex<[Errno?]>([])
    let thread = try IOThread(name: "sync")
    thread.post { _ in
      guard ctest_fail_fdatasync(EIO) == 0 else { return }
      // The last but one asks for nothing of the kind.
      for operation in [
        DiskRequest.Operation.writeZeroes, .unmapZeroes, .stableWriteZeroes, .stableUnmapZeroes, .discard,
        .flush,
      ] {
        let error = disk.perform(DiskRequest(operation, offset: 512, length: 1024))
        errors.withLock { $0.append(error) }
      }
    }
    thread.stop()
    #expect(errors.withLock { $0 } == [nil, nil, .ioError, .ioError, nil, .ioError])
  }
}
