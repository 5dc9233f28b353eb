#!/bin/bash
# Fetches Debian's current stock kernels into the bed; nothing is installed and no privilege is needed.
#
#   fetch.sh        writes kernels/cloud and kernels/generic, each with
#                   vmlinuz   the bzImage as distributed      vmlinux   the ELF image out of its payload
#                   release   what uname -r says              config    how it was configured
#                   lib/modules/RELEASE, without the drivers of hardware that no virtual machine has
set -eu
. "$(dirname "$0")/lib.sh"
need_tools apt-cache apt-get dpkg-deb depmod lz4 xz zstd

kernel_package() { apt-cache depends "$1" 2>/dev/null | awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }'; }

update_lists() {
  [ "$(id -u)" = 0 ] || die "$1: run 'apt-get update' as root, then try again"
  apt-get update -q >&2
}

# extract_elf BZIMAGE ELF: the setup header says where the payload is; its first bytes say how it is compressed.
extract_elf() {
  local setup offset length magic unpack size
  setup=$(od -An -tu1 -j $((0x1f1)) -N1 "$1")
  offset=$(od -An -tu4 -j $((0x248)) -N4 "$1")
  length=$(od -An -tu4 -j $((0x24c)) -N4 "$1")
  offset=$((offset + (setup + 1) * 512))
  magic=$(od -An -tx4 -j $offset -N4 "$1" | tr -d ' ')
  case $magic in
    *8b1f) unpack='gzip -dc' ;;
    184c2102) unpack='lz4 -dc' ;;
    587a37fd) unpack='xz -dc' ;;
    fd2fb528) unpack='zstd -dc' ;;
    *) die "$1: unknown compression, magic $magic" ;;
  esac
  # the last four bytes are the unpacked size: gzip's own, with every other format appended, where it stumbles over them
  size=$(od -An -tu4 -j $((offset + length - 4)) -N4 "$1" | tr -d ' ')
  [ "${unpack%% *}" = gzip ] || length=$((length - 4))
  tail -c +$((offset + 1)) "$1" | head -c "$length" | $unpack > "$2"
  [ "$(stat -c %s "$2")" = "$size" ] || die "$1: the payload unpacks to $(stat -c %s "$2") bytes, not $size"
  [ "$(head -c 5 "$2" | od -An -tx1 | tr -d ' ')" = 7f454c4602 ] || die "$1: the payload is no 64-bit ELF image"
}

# fetch KIND METAPACKAGE
fetch() {
  local kind=$1 package version release tree=$work/$1 deb
  package=$(kernel_package "$2")
  [ -n "$package" ] || { update_lists "apt does not know $2"; package=$(kernel_package "$2"); }
  [ -n "$package" ] || die "apt knows no $2: are Debian's package sources set up?"
  version=$(apt-cache show --no-all-versions "$package" | awk '$1 == "Version:" { print $2; exit }')
  local stored=$bed/kernels/${package}_$version
  if [ "$(readlink "$bed/kernels/$kind" || true)" = "${stored##*/}" ]; then
    say "kernels/$kind: $package $version is there"
    return
  fi

  say "kernels/$kind: fetching $package $version"
  mkdir -p "$tree/deb"
  (cd "$tree/deb" && apt-get -q -o APT::Sandbox::User=root download "$package" >&2) || {
    # a security update takes the older version out of the archive
    update_lists "$package cannot be downloaded"
    (cd "$tree/deb" && apt-get -q -o APT::Sandbox::User=root download "$package" >&2)
  }
  deb=$(echo "$tree"/deb/*.deb)
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$tree/deb" --exclude='System.map-*' --exclude='./usr' \
    --exclude='*/kernel/sound' --exclude='*/drivers/gpu' --exclude='*/drivers/media' --exclude='*/drivers/infiniband' \
    --exclude='*/net/wireless' --exclude='*/net/ethernet' --exclude='*/drivers/staging' --exclude='*/drivers/iio'
  release=$(ls "$tree/deb/lib/modules")
  mkdir "$tree/root"
  echo "$release" > "$tree/root/release"
  mv "$tree/deb/boot/vmlinuz-$release" "$tree/root/vmlinuz"
  mv "$tree/deb/boot/config-$release" "$tree/root/config"
  mv "$tree/deb/lib" "$tree/root/lib"
  depmod -b "$tree/root" "$release"
  extract_elf "$tree/root/vmlinuz" "$tree/root/vmlinux"

  # the link is what others use: swapping it is atomic, replacing a directory is not
  mkdir -p "$bed/kernels"
  rm -rf "$stored"
  mv -T "$tree/root" "$stored"
  local old
  old=$(readlink "$bed/kernels/$kind" || true)
  ln -s "${stored##*/}" "$tree/link"
  mv -T "$tree/link" "$bed/kernels/$kind"
  [ -z "$old" ] || rm -rf "${bed:?}/kernels/$old"
}

only_one kernels
fetch cloud linux-image-cloud-amd64
fetch generic linux-image-amd64
