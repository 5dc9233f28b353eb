/// The x86-64 micro-architecture levels of the psABI (x86-64 psABI 1.0, section 3.1.1): what user
/// space is compiled for.
public enum MicroarchitectureLevel: Int, Comparable, Sendable {
  case v1 = 1
  case v2, v3, v4

  /// The highest level that these CPUID leaves offer.
  public init(_ entries: [CPUIDEntry]) {
    func bits(_ leaf: UInt32, _ register: KeyPath<CPUIDEntry, UInt32>, _ numbers: [UInt32]) -> Bool {
      guard let entry = entries.first(where: { $0.leaf == leaf && $0.subleaf == 0 }) else { return false }
      return numbers.allSatisfy { entry[keyPath: register] & 1 << $0 != 0 }
    }
    // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF in long mode.
    let isV2 = bits(1, \.ecx, [0, 9, 13, 19, 20, 23]) && bits(0x8000_0001, \.ecx, [0])
    // FMA, MOVBE, XSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT.
    let isV3 =
      isV2 && bits(1, \.ecx, [12, 22, 26, 28, 29]) && bits(7, \.ebx, [3, 5, 8])
      && bits(0x8000_0001, \.ecx, [5])
    // AVX512F, DQ, CD, BW, VL.
    let isV4 = isV3 && bits(7, \.ebx, [16, 17, 28, 30, 31])
    self = isV4 ? .v4 : isV3 ? .v3 : isV2 ? .v2 : .v1
  }

  public static func < (left: MicroarchitectureLevel, right: MicroarchitectureLevel) -> Bool {
    left.rawValue < right.rawValue
  }
}
