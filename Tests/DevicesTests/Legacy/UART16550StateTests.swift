import TestSupport
import Testing

@testable import Devices

@Suite("UART 16550A: state")
struct UART16550StateTests {
  private var busyChip: UART16550 {
    var chip = UART16550()
    chip.write(0xC1, to: 2)
    chip.write(0x0B, to: 4)
    chip.write(0x0F, to: 1)
    chip.write(0x5A, to: 7)
    for byte in UInt8(0)..<5 { chip.receive(byte) }
    chip.receiveBreak()
    _ = chip.read(5)
    chip.receiveBreak()
    chip.receive(7)
    chip.write(0x41, to: 0)
    chip.write(0x42, to: 0)
    chip.setConnected(false)
    return chip
  }

  @Test func `a restored chip answers like the one that was saved`() throws {
    var chip = busyChip
    var restored = try UART16550(chip.state)
    #expect(restored.state == chip.state)
    var random = SeededRandom(seed: 1)
    for _ in 0..<500 {
      let register = UInt8.random(in: 0...7, using: &random)
      if Bool.random(using: &random) {
        #expect(restored.read(register) == chip.read(register))
      } else {
        let value = UInt8.random(in: 0...255, using: &random)
        chip.write(value, to: register)
        restored.write(value, to: register)
      }
      #expect(restored.transmission == chip.transmission)
      #expect(restored.interruptOutput == chip.interruptOutput)
    }
    #expect(restored.state == chip.state)
  }

  @Test func `a restored chip whose interrupt stands raises an edge`() throws {
    var restored = try UART16550(busyChip.state)
    #expect(restored.takeInterruptEdge() == true)
  }

  @Test func `a state out of range is refused, by the field's name`() {
    let good = busyChip.state
    func refusal(_ change: (inout UART16550.State) -> Void) -> String? {
      var state = good
      change(&state)
      do throws(InvalidState) {
        _ = try UART16550(state)
        return nil
      } catch {
        return error.field
      }
    }
    #expect(refusal { _ in } == nil)
    #expect(refusal { $0.interruptEnable = 0x10 } == "interruptEnable")
    #expect(refusal { $0.modemControl = 0x20 } == "modemControl")
    #expect(refusal { $0.modemDeltas = 0x10 } == "modemDeltas")
    #expect(refusal { $0.triggerLevel = 0 } == "triggerLevel")
    #expect(refusal { $0.received = Array(repeating: 0, count: 17) } == "received")
    #expect(refusal { $0.fifosEnabled = false } == "received")
    #expect(refusal { $0.breaks = 0x8000 } == "breaks")
    #expect(refusal { $0.arriving = Array(repeating: 0, count: 17) } == "arriving")
    #expect(refusal { $0.arrivingBreaks = 0x4 } == "arrivingBreaks")
    #expect(refusal { $0.transmitting = Array(repeating: 0, count: 17) } == "transmitting")
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `random writes and line traffic never trap and keep the chip in a valid state`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var chip = UART16550()
    for step in 0..<2000 {
      switch Int.random(in: 0..<8, using: &random) {
      case 0, 1, 2:
        chip.write(UInt8.random(in: 0...255, using: &random), to: UInt8.random(in: 0...255, using: &random))
      case 3, 4: _ = chip.read(UInt8.random(in: 0...255, using: &random))
      case 5: chip.receive(UInt8.random(in: 0...255, using: &random))
      case 6: chip.receiveBreak()
      default:
        chip.transmitted()
        chip.setConnected(Bool.random(using: &random))
      }
      #expect((0...16).contains(chip.receiveSpace))
      let edge = chip.takeInterruptEdge()
      #expect(!edge || chip.interruptOutput)
      if step % 100 == 0 {
        let state = chip.state
        let again = try UART16550(state).state
        #expect(again == state)
      }
    }
  }
}
