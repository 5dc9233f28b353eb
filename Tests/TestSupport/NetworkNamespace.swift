internal import CTestNetwork
internal import Devices
internal import ProcessSupport
internal import Synchronization
internal import SystemPackage

/// Network namespaces of single threads. What is opened in one stays in it.
public enum NetworkNamespace {
  public static let isPossible = MachineTests.areWanted && (try? run { true }) == true
  public static let reason =
    "needs root's right to make network namespaces, and to be asked for by `make test`"

  /// Runs `body` on a thread in a new namespace.
  public static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let result = ResultBox<Value>()
    let thread = try HostThread(name: "namespace") {
      let error = ctest_unshare_network()
      result.set(error < 0 ? .failure(Errno(rawValue: -error)) : Result { try body() })
    }
    thread.join()
    return try result.get()
  }

  private final class ResultBox<Value: Sendable>: Sendable {
    private let contents = Mutex<Result<Value, any Error>?>(nil)

    func set(_ result: Result<Value, any Error>) {
      contents.withLock { $0 = result }
    }

    func get() throws -> Value {
      guard let result = contents.withLock({ $0 }) else { throw WaitedTooLong() }
      return try result.get()
    }
  }
}
