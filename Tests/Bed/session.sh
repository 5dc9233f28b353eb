#!/bin/sh
# For scripts that run in L1: swiftvm in the background, its console watched. Sourced; works in a directory of its own.
#
#   start ARGUMENT...           swiftvm run ARGUMENT..., with our standard input; $vm is its process. What it says goes on
#                               to our standard output and error, and into the files console and error.
#   await FILE PATTERN [COUNT]  until COUNT lines (1) of FILE match PATTERN; ends the script when swiftvm ends first
#   finish                      waits for swiftvm's end; returns its exit status
#   type_slowly TEXT            writes TEXT to standard output like a person, a character at a time
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

await() {
  while [ "$(grep -c -- "$2" "$1")" -lt "${3:-1}" ]; do
    if ! kill -0 "$vm" 2>/dev/null; then
      finish
      ended=$?
      [ "$(grep -c -- "$2" "$1")" -lt "${3:-1}" ] || return 0
      echo "session.sh: swiftvm ended with status $ended before '$2' stood in $1" >&2
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
