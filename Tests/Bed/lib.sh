# shellcheck shell=bash
# What the scripts of the bed share. Sourced, never run.
#
# Everything the bed makes lives under $bed, by default .bed in the repository, elsewhere with SWIFTVM_BED=DIR.
# An artefact appears only whole: it is built beside its place and renamed into it. ARTEFACT.key says from what it was
# made, so a second call with the same inputs has nothing to do.

set -eu
# /usr/sbin holds modprobe, depmod and ip, and is not on an ordinary user's path
PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # the scripts use it
repo=$(cd "$here/../.." && pwd)
bed=${SWIFTVM_BED:-$repo/.bed}
mkdir -p "$bed"
bed=$(cd "$bed" && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# need_tools TOOL...: all of them are there, or one message names what to install.
need_tools() {
  local tool missing=
  for tool; do command -v "$tool" >/dev/null || missing="$missing $tool"; done
  [ -z "$missing" ] || die "missing:$missing (install the packages of Tests/Bed/packages.txt)"
}

# only_one NAME: waits until no other process builds NAME, then clears what an interrupted build left.
only_one() {
  exec 8>"$bed/.$1.lock"
  flock 8
  work=$bed/.$1.work
  rm -rf "$work"
  mkdir "$work"
  trap 'rm -rf "$work"' EXIT
}

# fresh ARTEFACT KEY: the artefact stands and was made from KEY.
fresh() { [ -e "$1" ] && [ "$(cat "$1.key" 2>/dev/null)" = "$2" ]; }

# publish BUILT ARTEFACT KEY: moves it into place; the key comes last and so never vouches for an older artefact.
publish() {
  mkdir -p "$(dirname "$2")"
  rm -f "$2.key"
  mv -T "$1" "$2"
  printf '%s\n' "$3" > "$work/key"
  mv "$work/key" "$2.key"
}

# key_of FILE...: one word that changes when a file does.
key_of() { cat "$@" | sha256sum | cut -c1-16; }

# package_version PACKAGE: of the installed package.
package_version() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null || die "package $1 is not installed"; }

# need_kernels: fetches them when this is the first use of the bed; a newer version is fetched only by fetch.sh.
need_kernels() {
  if [ ! -e "$bed/kernels/cloud" ] || [ ! -e "$bed/kernels/generic" ]; then "$here/fetch.sh"; fi
}

# emulator: the QEMU that L1 runs under: SWIFTVM_QEMU, else the bed's own where emulator.sh made it, else the host's.
emulator() {
  if [ -n "${SWIFTVM_QEMU:-}" ]; then echo "$SWIFTVM_QEMU"; return; fi
  if [ -x "$bed/emulator/qemu" ]; then echo "$bed/emulator/qemu"; else echo qemu-system-x86_64; fi
}

# modules_of KERNEL NAME...: the files of these modules and all they need, in loading order.
modules_of() {
  local kernel=$bed/kernels/$1; shift
  modprobe -d "$kernel" -S "$(cat "$kernel/release")" --show-depends -a "$@" |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# add_program ROOT FILE: copies a program with the libraries it is linked to, all at their usual places.
add_program() {
  local file
  for file in "$2" $(ldd "$2" 2>/dev/null | grep -o '/[^ ]*'); do
    mkdir -p "$1$(dirname "$file")"
    cp -L "$file" "$1$file"
  done
}

# pack ROOT FILE: a cpio archive as the kernel reads it, everything owned by root.
pack() { (cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) > "$2"; }
