/// Shells whose completion asks `swiftvm complete` at each press of the key: the script knows no option itself.
enum CompletionScript: String, CaseIterable {
  case bash, zsh, fish

  var text: String {
    switch self {
    case .bash: Self.bashText
    case .zsh: Self.zshText
    case .fish: Self.fishText
    }
  }

  /// Files are bash's own to complete: it quotes and expands as its user writes.
  private static let bashText = #"""
    # bash completion for swiftvm
    _swiftvm() {
        local line=${COMP_LINE:0:COMP_POINT} words strip candidate description
        # A line that is quoted is not taken apart here.
        [[ $line == *[\'\"\\\`\$]* ]] && return
        read -ra words <<< "$line"
        [[ $line == *[[:space:]] ]] && words+=('')
        # bash begins a word of its own behind these.
        strip=${words[-1]%"${words[-1]##*[=:]}"}
        while IFS=$'\t' read -r candidate description; do
            case $candidate in
                :files) ;;
                :folders) compopt -o dirnames ;;
                *)
                    [[ $candidate == *= ]] && compopt -o nospace
                    COMPREPLY+=("${candidate#"$strip"}")
                    ;;
            esac
        done < <("${words[0]/#\~\//$HOME/}" complete -- "${words[@]:1}" 2> /dev/null)
    }
    complete -o default -F _swiftvm swiftvm

    """#

  private static let zshText = #"""
    #compdef swiftvm
    _swiftvm() {
      local line text rest program=${${(Q)words[1]}/#\~\//$HOME/}
      local -a described unfinished
      # Nothing of the line is evaluated.
      for line in "${(@f)$("$program" complete -- "${(@Q)words[2,CURRENT]}" 2> /dev/null)}"; do
        text=${line%%$'\t'*} rest=${${line#$text}#$'\t'}
        case $text in
          :files) compset -P "${(b)rest}"; _files ;;
          :folders) _files -/ ;;
          *=) unfinished+=("$text") ;;
          ?*) described+=("${text//:/\\:}:$rest") ;;
        esac
      done
      (( $#described )) && _describe swiftvm described
      (( $#unfinished )) && compadd -S '' -a unfinished
    }
    if [[ $funcstack[1] == _swiftvm ]]; then _swiftvm "$@"; else compdef _swiftvm swiftvm; fi

    """#

  private static let fishText = #"""
    # fish completion for swiftvm
    function __swiftvm_complete
        set -l words (commandline -opc) (commandline -ct)
        set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
        type -q -- $program; or return
        for line in ($program complete -- $words[2..-1] 2>/dev/null)
            set -l parts (string split -m 1 \t -- $line)
            switch $parts[1]
                case :files
                    set -l start (math (string length -- "$parts[2]") + 1)
                    for path in (__fish_complete_path (string sub -s $start -- $words[-1]))
                        echo -- "$parts[2]$path"
                    end
                case :folders
                    __fish_complete_directories $words[-1]
                case '*'
                    echo -- $line
            end
        end
    end
    complete -c swiftvm -f -a '(__swiftvm_complete)'

    """#
}
