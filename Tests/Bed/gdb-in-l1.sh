#!/bin/bash
# Puts a gdb with its libraries into the bed's debugger/, for L1 to run: /bed/debugger/gdb there.
#
# Debian's gdb-minimal, fetched and not installed: it needs no Python, and would take an installed gdb's place. Its
# libraries are those of that gdb.
set -eu
. "$(dirname "$0")/lib.sh"
need_tools apt-get dpkg-deb ldd gdb

only_one debugger
key="gdb $(dpkg-query -W -f '${Version}' gdb gdb-minimal 2>/dev/null || true) libc $(package_version libc6) $(key_of "$0" "$here/lib.sh")"
debugger=$bed/debugger
if fresh "$debugger" "$key"; then exit 0; fi

mkdir -p "$work/deb"
(cd "$work/deb" && apt-get -q -o APT::Sandbox::User=root download gdb-minimal >&2) ||
  die "gdb-minimal cannot be downloaded: are Debian's package sources set up?"
dpkg-deb -x "$work"/deb/*.deb "$work/tree"
root=$work/debugger
mkdir -p "$root/lib"
program=$work/tree/usr/bin/gdb
missing=$(ldd "$program" | awk '/not found/ { printf " %s", $1 }')
[ -z "$missing" ] || die "gdb-minimal lacks$missing: install the package gdb, whose libraries they are"
cp "$program" "$root/gdb-minimal"
for file in $(ldd "$program" | grep -o '/[^ ]*'); do cp -L "$file" "$root/lib/"; done
cat > "$root/gdb" <<'END'
#!/bin/sh
# its own loader and libraries, whatever the machine has
debugger=${0%/*}
exec "$debugger/lib/ld-linux-x86-64.so.2" --library-path "$debugger/lib" "$debugger/gdb-minimal" "$@"
END
chmod 755 "$root/gdb"
rm -rf "$debugger"
publish "$root" "$debugger" "$key"
say "debugger: $(du -sm "$debugger" | cut -f1) MiB"
