import ProcessSupport
import Testing

/// Runs scripts where they can make networks without touching the host's.
enum NetworkScript {
  private static let prelude = Repository.root + "/Tests/SwiftVMTests/Support/network-bed.sh"

  /// Lines that fill nftables as Docker and a strict host do: what they do not know is dropped.
  static let docker = """
    nft -f - <<'END'
    table ip filter {
      chain DOCKER-USER {
        counter return
      }
      chain FORWARD {
        type filter hook forward priority 0; policy drop;
        jump DOCKER-USER
      }
    }
    table inet wall {
      chain input {
        type filter hook input priority 0; policy drop;
        ct state established,related accept
        iifname { "lo", "eth0" } accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
      }
    }
    END

    """

  /// Runs lines of bash after those of network-bed.sh; 124 when they hang.
  static func run(_ script: String) async throws -> Program.Outcome {
    let start =
      "vm=\(Repository.executable) guests=\(Repository.guests) bed=\(Repository.bed); . \(prelude)\n"
    return try await Program.run(
      "timeout",
      [
        "-k", "5", "\(Patience.seconds)", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
        "--mount-proc",
        "bash", "-c", start + script,
      ])
  }

  /// The same, and what they print is told where they fail.
  static func lines(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) async throws
    -> [String]
  {
    let outcome = try await run(script)
    #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.error)", sourceLocation: sourceLocation)
    return outcome.output.split(separator: "\n").map(String.init)
  }
}
