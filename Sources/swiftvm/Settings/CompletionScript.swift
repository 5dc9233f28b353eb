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

  private static let bashText = #"""
    # bash completion for swiftvm
    _swiftvm() {
        local line=${COMP_LINE:0:COMP_POINT} words current strip candidate description kind
        read -ra words <<< "$line"
        [[ $line == *[[:space:]] ]] && words+=('')
        current=${words[-1]}
        # bash begins a word of its own behind these.
        strip=${current%"${current##*[=:]}"}
        while IFS=$'\t' read -r candidate description; do
            case $candidate in
                :files | :folders)
                    kind=-f
                    [[ $candidate == :folders ]] && kind=-d
                    compopt -o filenames
                    while IFS= read -r candidate; do
                        COMPREPLY+=("$candidate")
                    done < <(compgen "$kind" -- "${current#"$strip"}")
                    ;;
                *)
                    [[ $candidate == *= ]] && compopt -o nospace
                    COMPREPLY+=("${candidate#"$strip"}")
                    ;;
            esac
        done < <("${words[0]}" complete -- "${words[@]:1}" 2> /dev/null)
    }
    complete -F _swiftvm swiftvm

    """#

  private static let zshText = #"""
    #compdef swiftvm
    _swiftvm() {
      local line text
      local -a described unfinished
      for line in "${(@f)$(_call_program swiftvm ${words[1]} complete -- "${(@q)words[2,CURRENT]}")}"; do
        text=${line%%$'\t'*}
        case $text in
          :files) compset -P '*='; _files ;;
          :folders) _files -/ ;;
          *=) unfinished+=("$text") ;;
          ?*) described+=("${text//:/\\:}:${${line#$text}#$'\t'}") ;;
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
        set -l before (string match -r '^.*=' -- $words[-1]; or echo '')
        for line in ($words[1] complete -- $words[2..-1] 2>/dev/null)
            switch $line
                case :files
                    for path in (__fish_complete_path (string replace -r '^.*=' '' -- $words[-1]))
                        echo $before$path
                    end
                case :folders
                    __fish_complete_directories $words[-1]
                case '*'
                    echo $line
            end
        end
    end
    complete -c swiftvm -f -a '(__swiftvm_complete)'

    """#
}
