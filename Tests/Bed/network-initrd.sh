#!/bin/bash
# Builds guests/network.img: guests/initrd.img and, behind it, iperf3 and socat, for guests that try the network.
set -eu
. "$(dirname "$0")/lib.sh"
need_tools iperf3 socat cpio ldd
"$here/guest-initrd.sh"

only_one network
key="$(key_of "$0" "$here/lib.sh" "$bed/guests/initrd.img.key") iperf3 $(package_version iperf3) \
socat $(package_version socat) libc $(package_version libc6)"
image=$bed/guests/network.img
if fresh "$image" "$key"; then exit 0; fi

root=$work/root
mkdir -p "$root/bin"
for name in iperf3 socat; do
  file=$(command -v "$name")
  add_program "$root" "$file"
  ln -s "$file" "$root/bin/$name"
done
pack "$root" "$work/more.img"
cat "$bed/guests/initrd.img" "$work/more.img" > "$work/network.img"
publish "$work/network.img" "$image" "$key"
say "guests/network.img: $(stat -Lc %s "$image") bytes"
