#!/bin/bash
# Unpacks Debian's firewalld into the bed, as firewalld/{etc,usr}: to install it would be to start it, on the machine of
# whoever tests. With it netbase, whose /etc/protocols it reads; what it needs besides is in .ci/packages.txt.
set -eu
. "$(dirname "$0")/lib.sh"
need_tools apt-cache apt-get dpkg-deb

version=$(apt-cache show --no-all-versions firewalld 2>/dev/null | awk '$1 == "Version:" { print $2; exit }')
if fresh "$bed/firewalld" "$version $(key_of "$0")"; then exit; fi
only_one firewalld
download() { (cd "$work" && apt-get -q -o APT::Sandbox::User=root download firewalld python3-firewall netbase >&2); }
if [ -z "$version" ] || ! download; then
  [ "$(id -u)" = 0 ] || die "firewalld cannot be downloaded: run 'apt-get update' as root, then try again"
  apt-get update -q >&2
  download
fi
version=$(dpkg-deb -f "$work"/firewalld_*.deb Version)
mkdir "$work/root"
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/root"; done
rm -rf "$bed/firewalld"
publish "$work/root" "$bed/firewalld" "$version $(key_of "$0")"
