internal import Devices
internal import SystemPackage

/// Why a kind could not be measured.
enum BenchError: Error {
  case kvm(KVMError)
  /// What of the host failed.
  case host(String, Errno)
  /// How its guest ended.
  case guest(String)
  /// What this host lacks.
  case lacks(String)

  var description: String {
    switch self {
    case .kvm(let error): error.description
    case .host(let what, let error): "\(what): \(error)"
    case .guest(let how): "its guest cannot run here: \(how)"
    case .lacks(let what): what
    }
  }

  /// Carries out calls of KVM.
  static func asking<Value: ~Copyable>(_ call: () throws(KVMError) -> Value) throws(BenchError) -> Value {
    do throws(KVMError) { return try call() } catch { throw .kvm(error) }
  }

  /// Carries out calls of the host's kernel that make `what`.
  static func making<Value: ~Copyable>(
    _ what: String, _ call: () throws(Errno) -> Value
  ) throws(BenchError) -> Value {
    do throws(Errno) { return try call() } catch { throw .host(what, error) }
  }

  /// Takes the result of a CKVM call.
  static func check(_ name: String, _ result: Int32) throws(BenchError) {
    if result < 0 { throw .kvm(.call(name, Errno(rawValue: -result))) }
  }
}
