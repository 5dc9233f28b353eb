import Hypervisor
import Testing

@testable import swiftvm

struct BenchTextTests {
  @Test func `the text has the host, each kind in both units, its parts and what is missing`() throws {
    let text = BenchText.text(try .made([.portRead, .vmCreation], notes: ["noisy: it was"]))
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    for line in [
      "CPU: Some CPU, of a virtual machine", "kernel: Linux 6.1.0", "KVM: SVM (AMD), kvm_amd",
      "mitigations: spectre_v1: Mitigation: some & <more>",
      "clock: 1.000 GHz; threads on CPUs 0,1, the guest's first",
      "kind count min p50 p90 p99 p99.9 max per second floor p50 ratio",
      "port-read ns 5 100 102 104 104 104 104 123457 50 2.040", "cycles 100 102 104 104 104 104 50",
      "p50 of its parts: guest to user space 40 ns (floor 30)",
      "vm-creation ns 5 100 102 104 104 104 104 - 50 2.040",
      "noisy: it was", "left out: hypercall no such thing",
    ] {
      #expect(lines.contains(line), "\(line)\n\(text)")
    }
  }

  @Test func `the CSV has a line for each side, and as many fields in each`() throws {
    let csv = BenchCSV.text(try .made([.portRead, .cpuid], notes: ["one, two", "\"three\""]))
    let lines = csv.split(separator: "\r\n").map(String.init)
    #expect(lines.count == 1 + 2 * 2)
    #expect(csv.hasSuffix("\r\n"))
    #expect(lines[0].split(separator: ",").count == 19)
    #expect(
      lines[1]
        == "port-read,swiftvm,5,100.0,102.0,104.0,104.0,104.0,104.0,100,102,104,104,104,104,102.0,123457,2.0400,"
        + "\"one, two; \"\"three\"\"\"")
    #expect(lines[2] == "port-read,floor,5," + "50.0,50.0,50.0,50.0,50.0,50.0,50,50,50,50,50,50,50.0,,,")
  }

  @Test func `a drawing keeps text as text, and has colours for light and for dark`() throws {
    let svg = BenchPlot.svg(try .made([.portRead, .cpuid], cpu: "A & B <C> \"D\"\u{1}"))
    #expect(svg.contains("A &amp; B &lt;C&gt; &quot;D&quot;, of a virtual machine"))
    #expect(svg.contains("prefers-color-scheme: dark"))
    #expect(svg.contains(">port-read</text>") && svg.contains(">cpuid</text>"))
    #expect(svg.contains(">102 ns</text>") && svg.contains(">2.040</text>"))
    // A curve of each side, and a bar, for each kind.
    #expect(svg.split(separator: "<polyline").count == 1 + 4)
    #expect(svg.split(separator: "height=\"9.0\"").count == 1 + 4)
  }

  @Test func `percentiles lie the further apart the rarer they are`() {
    let places = [0, 50, 90, 99, 99.9, 99.99, 100].map(BenchPlot.position)
    #expect(places == places.sorted())
    #expect(places.first == 0 && places.last == 1)
    #expect(abs((places[3] - places[2]) - (places[4] - places[3])) < 1e-9)
  }

  @Test func `a scale has whole powers of ten around all values`() {
    let scale = BenchPlot.Scale([150, 9_000])
    #expect(scale.marks == [100, 1000, 10_000])
    #expect(scale.marks.map(BenchPlot.Scale.text) == ["100 ns", "1 us", "10 us"])
    #expect(scale.position(100) == 0 && scale.position(10_000) == 1)
    #expect(BenchPlot.Scale([0, 0]).marks == [1, 10])
  }
}
