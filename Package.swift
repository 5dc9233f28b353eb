// swift-tools-version: 6.2
import PackageDescription

/// Every target of our own is built by the same rules.
let houseRules: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

// Without its traits it needs no Foundation.
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
  name: "swiftvm",
  products: [
    .executable(name: "swiftvm", targets: ["swiftvm"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.4.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // C: constants and system calls that Swift cannot import as they are.
    .target(name: "CKVM"),
    .target(name: "CLinux"),
    // Processes, sockets with names, terminals: what Devices must not name.
    .target(name: "CHost", dependencies: ["CLinux"]),

    // Hardware. It has no way to name KVM.
    .target(name: "Devices", dependencies: ["CLinux", system], swiftSettings: houseRules),

    // Assembly: the guests of `swiftvm bench exits`, which are part of the executable.
    .target(
      name: "ExitGuests", path: "guests/exits", exclude: ["exits.S", "guest.inc", "waiting.inc"]),

    // KVM, boot, firmware, and the machine that is composed of them.
    .target(
      name: "Hypervisor", dependencies: ["Devices", "CKVM", "CLinux", "ExitGuests", system, histogram],
      swiftSettings: houseRules),

    // The command line.
    .executableTarget(
      name: "swiftvm",
      dependencies: ["Hypervisor", "Devices", "CHost", "CLinux", system, argumentParser],
      swiftSettings: houseRules),

    .target(
      name: "TestSupport",
      dependencies: ["Hypervisor", "Devices", "ProcessSupport", "CTestNetwork", "CHost", "CLinux", system],
      path: "Tests/TestSupport", swiftSettings: houseRules),
    // C: network namespaces and raw sockets.
    .target(name: "CTestNetwork", path: "Tests/CTestNetwork"),
    // C: system calls that fail.
    .target(name: "CTestSystemCalls", path: "Tests/CTestSystemCalls"),
    .testTarget(
      name: "DevicesTests",
      dependencies: [
        "Devices", "TestSupport", "ProcessSupport", "CTestNetwork", "CTestSystemCalls", "CHost", "CLinux",
        system,
      ],
      swiftSettings: houseRules),
    .testTarget(
      name: "HypervisorTests",
      dependencies: ["Hypervisor", "Devices", "TestSupport", "ProcessSupport", system],
      swiftSettings: houseRules),

    // Hostile guests, for a second each; `make fuzz` lets them go on.
    .testTarget(
      name: "Fuzz",
      dependencies: ["swiftvm", "Hypervisor", "Devices", "TestSupport", "CHost", "CLinux", system],
      swiftSettings: houseRules),

    // What needs /dev/kvm: tiny guests in assembly, each showing one fact.
    .target(name: "TinyGuests", path: "Tests/TinyGuests"),
    .testTarget(
      name: "KVMTests",
      dependencies: [
        "Hypervisor", "Devices", "TestSupport", "ProcessSupport", "TinyGuests", "CLinux", system,
      ],
      swiftSettings: houseRules),

    // What runs programs: swiftvm itself, the nested machine, a disassembler.
    .target(
      name: "ProcessSupport", dependencies: ["CHost", "CLinux", system, subprocess],
      path: "Tests/ProcessSupport",
      swiftSettings: houseRules),
    .testTarget(
      name: "SwiftVMTests",
      dependencies: [
        "swiftvm", "Hypervisor", "Devices", "ProcessSupport", "CTestNetwork", "CHost", "CLinux", system,
        argumentParser,
      ],
      exclude: ["Support/network-bed.sh"], swiftSettings: houseRules),
    .testTarget(
      name: "BedTests", dependencies: ["ProcessSupport", system], swiftSettings: houseRules),
    .testTarget(
      name: "HotPath", dependencies: ["ProcessSupport", system], swiftSettings: houseRules),

    // What `make bench` runs; the rest of it is in C, in Tests/Bench.
    .executableTarget(
      name: "swiftvm-bench", dependencies: ["Hypervisor", "Devices"], path: "Tests/Bench/Dispatch",
      swiftSettings: houseRules),
  ]
)
