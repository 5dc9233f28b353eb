// swift-tools-version: 6.2
import PackageDescription

/// Kernel code: no vector registers, nothing below the stack pointer, at a fixed address.
let bareMetal = [
  "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-mno-red-zone", "-mno-mmx", "-mno-sse", "-mno-avx",
  "-msoft-float",
]

let rules: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Embedded"),
  .unsafeFlags(
    ["-wmo", "-Osize", "-Xfrontend", "-disable-stack-protector"] + bareMetal.flatMap { ["-Xcc", $0] }),
]

let layout = LinkerSetting.unsafeFlags([
  "-use-ld=lld", "-Xclang-linker", "-nostdlib", "-Xclang-linker", "-static",
  "-Xlinker", "-T", "-Xlinker", Context.packageDirectory + "/support/link.ld",
  "-Xlinker", "--gc-sections", "-Xlinker", "--build-id=none",
])

/// A folder with sources, and options to run it with.
func guest(_ name: String, _ support: [Target.Dependency], exclude: [String] = []) -> Target {
  .executableTarget(
    name: name, dependencies: ["Bare"] + support, path: name, exclude: exclude + ["machine.json"],
    swiftSettings: rules, linkerSettings: [layout])
}

/// A lesson: a folder with one source and a page of text.
func lesson(_ name: String, _ support: Target.Dependency...) -> Target {
  guest(name, support, exclude: ["README.md"])
}

let package = Package(
  name: "guests",
  targets: [
    // Assembly and C: the way to Swift's `main`, and the instructions that Swift has no words for.
    .target(name: "Processor", path: "support/Processor", cSettings: [.unsafeFlags(bareMetal + ["-Os"])]),
    .target(name: "Bare", dependencies: ["Processor"], path: "support/Bare", swiftSettings: rules),
    // PCI and virtio, for the lessons about devices.
    .target(name: "Virtio", dependencies: ["Bare"], path: "support/Virtio", swiftSettings: rules),

    lesson("paging", "Processor"),
    lesson("exceptions", "Processor"),
    lesson("timer", "Processor"),
    lesson("processors", "Processor"),
    lesson("pci"),
    lesson("virtio-blk", "Processor", "Virtio"),
    lesson("virtio-net", "Processor", "Virtio"),
    lesson("user", "Processor"),

    // What no driver should be.
    guest("hostile", ["Virtio"]),
    guest("fuzzer", ["Processor", "Virtio"]),
    // A machine in a network.
    guest("station", ["Processor", "Virtio"]),
  ]
)
