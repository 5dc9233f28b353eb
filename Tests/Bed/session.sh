#!/bin/sh
# For scripts that run in L1: swiftvm in the background, its console watched. Sourced; works in a directory of its own.
#
#   start ARGUMENT...           swiftvm run ARGUMENT..., with our standard input; $vm is its process. What it says goes on
#                               to our standard output and error, and into the files console and error.
#   await FILE PATTERN [COUNT]  until COUNT whole lines (1) of FILE match PATTERN; ends the script when swiftvm ends first
#   await_prompt TEXT           until TEXT stands on the console, in a line that has not ended
#   finish                      waits for swiftvm's end; returns its exit status
#   type_slowly TEXT            writes TEXT to standard output like a person, a character at a time
. /host/Tests/Bed/lines.sh
cd "$(mktemp -d)" || exit 1

start() {
  mkfifo output.pipe error.pipe
  : > console
  : > error
  tee console < output.pipe &
  output=$!
  tee error < error.pipe >&2 &
  errors=$!
  # a shell gives what it starts in the background no standard input, unless by a descriptor
  exec 5<&0
  /host/bin/swiftvm run "$@" <&5 > output.pipe 2> error.pipe &
  vm=$!
  exec 5<&-
}

await() { await_by whole_lines "$@"; }
await_prompt() { await_by all_lines console "$1"; }
all_lines() { grep -c -- "$2" "$1"; }

# await_by COUNTING FILE PATTERN [COUNT]
await_by() {
  while [ "$("$1" "$2" "$3")" -lt "${4:-1}" ]; do
    if ! kill -0 "$vm" 2>/dev/null; then
      finish
      ended=$?
      [ "$("$1" "$2" "$3")" -lt "${4:-1}" ] || return 0
      echo "session.sh: swiftvm ended with status $ended before '$3' stood in $2" >&2
      exit 99
    fi
    usleep 50000
  done
}

finish() {
  wait "$vm"
  set -- $?
  wait "$output" "$errors"
  return "$1"
}

type_slowly() {
  rest=$1
  while [ -n "$rest" ]; do
    tail=${rest#?}
    printf '%s' "${rest%"$tail"}"
    rest=$tail
    usleep 10000
  done
}
