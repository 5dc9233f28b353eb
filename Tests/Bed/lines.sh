#!/bin/sh
# For scripts that run in L1 and read what a machine says while it says it. Sourced.

# whole_lines FILE PATTERN: how many lines match, but for a last one that has not ended.
whole_lines() { { cat "$1"; echo .; } | sed '$d' | grep -c -- "$2" || true; }
