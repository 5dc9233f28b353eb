#!/bin/bash
# Unpacks a newer QEMU for L1 into the bed, as emulator/: Debian 12's own, 7.2, loses one in a hundred guests of 4 vCPUs
# where 10.0 of its backports loses none (boots.sh counts). Nothing is installed, and no package source of the host's
# changes. On another Debian, whose QEMU is newer anyhow, there is nothing to do.
set -eu
. "$(dirname "$0")/lib.sh"
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
[ "$release" = bookworm ] || exit 0
[ ! -x "$bed/emulator/qemu" ] || exit 0
need_tools apt-get dpkg-deb
only_one emulator

mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
  grep -m 1 '/debian/*$')
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/root"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release-backports main" > "$work/sources"
apt() {
  (cd "$work" && apt-get -q -o Dir::Etc::SourceList="$work/sources" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root "$@" >&2)
}
apt update
apt download "qemu-system-x86/$release-backports" "qemu-system-common/$release-backports" \
  "qemu-system-data/$release-backports" "seabios/$release-backports"
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/root"; done
cat > "$work/root/qemu" <<'END'
#!/bin/sh
here=$(dirname "$0")/usr
exec "$here/bin/qemu-system-x86_64" -L "$here/share/qemu" -L "$here/share/seabios" "$@"
END
chmod +x "$work/root/qemu"
# its libraries are those of the host's QEMU
"$work/root/qemu" --version >/dev/null
rm -rf "$bed/emulator"
mv -T "$work/root" "$bed/emulator"
