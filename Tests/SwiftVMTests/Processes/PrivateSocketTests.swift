import ProcessSupport
import Testing

@Suite(.program, .kvm) struct PrivateSocketTests {
  @Test func `no socket is open to others, whatever the umask`() async throws {
    let scratch = try Scratch()
    let outcome = try await SwiftVMProgram.shell(
      """
      cd \(scratch.path); umask 0
      $vm run --flat $guests/idle.bin -m 16 --boot-hint 0 --serial socket=serial --console socket=console \
        --metrics unix=metrics --gdb unix=gdb 2>log &
      until grep -q 'target remote' log; do sleep 0.05; done
      stat -c '%n %a' serial console metrics gdb
      kill $!; wait
      """)
    #expect(outcome.output == "serial 600\nconsole 600\nmetrics 600\ngdb 600\n", "\(outcome.error)")
  }
}
