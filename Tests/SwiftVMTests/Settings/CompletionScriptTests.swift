import ProcessSupport
import Testing

@testable import swiftvm

/// The scripts in their shells, on the release executable.
@Suite(.program) struct CompletionScriptTests {
  private static func has(_ shell: String) -> ConditionTrait {
    .enabled(if: InstalledPrograms.include(shell), "\(shell) is not installed: `make setup` does it")
  }

  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    _ = try scratch.file("disk.img", [])
    _ = try scratch.file("a=b.img", [])
  }

  @Test(arguments: [
    ("run --on-reboot e", ["exit"]), ("run --on-reboot=e", ["exit"]),
    ("net ", ["up", "down", "status", "list"]),
    ("run --serial f", ["file="]), ("run --serial file=di", []), ("run -d di", []), ("run -d 'di", []),
    ("run --boot-", ["--boot-hint", "--boot-chart"]),
  ])
  func `bash goes on, and completes files by itself`(line: String, words: [String]) async throws {
    // What the shell sets before it calls a completion; compopt works in a completion alone.
    let script = """
      cd \(scratch.path); PATH=${vm%/*}:$PATH; compopt() { :; }; eval "$($vm completion bash)"
      COMP_LINE="swiftvm \(line)"; COMP_POINT=${#COMP_LINE}; _swiftvm; [ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "${COMPREPLY[@]}"
      """
    let outcome = try await SwiftVMProgram.shell(script)
    #expect(outcome.error == "")
    #expect(outcome.output.split(separator: "\n").map(String.init) == words)
  }

  @Test(
    has("fish"),
    arguments: [
      ("run --on-reboot e", ["exit"]), ("run --on-reboot=e", ["--on-reboot=exit"]), ("net d", ["down"]),
      ("run --serial file=di", ["file=disk.img"]), ("run -d di", ["disk.img"]),
      ("run --disk=a=", ["--disk=a=b.img"]),
    ])
  func `fish goes on`(line: String, words: [String]) async throws {
    let outcome = try await SwiftVMProgram.shell(
      """
      cd \(scratch.path); export PATH=${vm%/*}:$PATH; export HOME=\(scratch.path)
      $vm completion fish > swiftvm.fish; fish --no-config -c 'source swiftvm.fish; complete -C "swiftvm \(line)"'
      """)
    #expect(outcome.error == "")
    let found = outcome.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    #expect(found == words)
  }

  @Test(
    has("zsh"),
    arguments: [
      ("run --on-reboot e", "run --on-reboot exit"), ("net d", "net down"), ("run -d di", "run -d disk.img"),
      ("run --serial file=di", "run --serial file=disk.img"),
      ("run --disk=a=b", "run --disk=a=b.img"), ("run --serial fi", "run --serial file="),
    ])
  func `zsh goes on`(line: String, whole: String) async throws {
    // A terminal of its own: zsh completes what is typed, and nothing else.
    let outcome = try await SwiftVMProgram.shell(
      """
      cd \(scratch.path); export PATH=${vm%/*}:$PATH; $vm completion zsh > _swiftvm
      cat > type.zsh <<'END'
      zmodload zsh/zpty
      zpty shell zsh -f
      zpty -w shell "PS1=; fpath=($PWD \\$fpath); autoload -U compinit; compinit -D -u; \\
        bindkey '^I' complete-word; bindkey '^G' show; show() { print -r -- \\"<\\$BUFFER>\\" > said }; zle -N show; print read''y"
      zpty -m shell line '*ready*'
      zpty -w -n shell $'swiftvm \(line)\\t\\a'
      until [[ -s said ]]; do sleep 0.01; done
      cat said
      zpty -d shell
      END
      zsh -f type.zsh
      """)
    #expect(outcome.output.contains("<swiftvm \(whole)"), "\(outcome.output)\(outcome.error)")
  }
}
