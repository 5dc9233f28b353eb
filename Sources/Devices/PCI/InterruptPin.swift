/// An interrupt pin of a PCI device; the raw value is the Interrupt Pin register's.
public enum InterruptPin: UInt8, CaseIterable, Sendable {
  case intA = 1
  case intB = 2
  case intC = 3
  case intD = 4
}
