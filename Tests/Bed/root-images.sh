#!/bin/bash
# Builds guests/root-ext4.img and guests/root-xfs.img: disks with a GPT and one partition, called "root", on which a guest
# finds busybox, fio and the verbs of guest/. No privilege needed: the file systems are filled as they are made.
#
# Booted with guests/dracut.img and root=PARTLABEL=root. A test writes to a copy, made with `cp --sparse=always`.
set -eu
. "$(dirname "$0")/lib.sh"
need_tools busybox fio ldd mke2fs mkfs.xfs sfdisk

only_one root
key="busybox $(package_version busybox-static) fio $(package_version fio) e2fsprogs $(package_version e2fsprogs) \
xfsprogs $(package_version xfsprogs) $(key_of "$0" "$here/lib.sh" "$here"/guest/init "$here"/guest/do/* "$here"/guest/fio/*)"
if fresh "$bed/guests/root-ext4.img" "$key" && fresh "$bed/guests/root-xfs.img" "$key"; then exit 0; fi

root=$work/root
mkdir -p "$root"/{bin,dev,etc,proc,root,run,sys,sysroot,tmp,usr,var}
cp "$(command -v busybox)" "$root/bin/busybox"
for name in $(busybox --list); do
  [ "$name" = busybox ] || ln -s busybox "$root/bin/$name"
done
cp -r "$here/guest/." "$root/"
mv "$root/init" "$root/bin/init"
chmod 755 "$root/bin/init"
ln -s bin "$root/sbin"
program=$(readlink -f "$(command -v fio)")
add_program "$root" "$program"
ln -s "$program" "$root/bin/fio"
# what systemd takes for the mark of a root file system
echo 'ID=swiftvm-guest' > "$root/etc/os-release"

# prototype DIRECTORY: its content as mkfs.xfs takes it.
prototype() {
  local path
  for path in "$1"/*; do
    if [ -L "$path" ]; then
      echo "${path##*/} l--777 0 0 $(readlink "$path")"
    elif [ -d "$path" ]; then
      echo "${path##*/} d--755 0 0"
      prototype "$path"
      echo '$'
    elif [ -e "$path" ]; then
      echo "${path##*/} ---$(stat -c %a "$path") 0 0 $path"
    fi
  done
}

# publish_disk FILESYSTEM: a disk around the partition in $work/partition.
publish_disk() {
  local size
  size=$(($(stat -c %s "$work/partition") >> 20))
  truncate -s $((size + 2))M "$work/disk"
  echo "start=1MiB, size=${size}MiB, type=linux, name=root" | sfdisk -q --label gpt "$work/disk"
  dd "if=$work/partition" "of=$work/disk" bs=1M seek=1 conv=notrunc,sparse status=none
  rm "$work/partition"
  publish "$work/disk" "$bed/guests/root-$1.img" "$key"
  say "guests/root-$1.img: $(du -m "$bed/guests/root-$1.img" | cut -f1) MiB"
}

mke2fs -q -t ext4 -m 0 -E root_owner=0:0 -d "$root" "$work/partition" 192M
publish_disk ext4
{
  printf '%s\n' - '0 0' 'd--755 0 0'
  prototype "$root"
  echo '$'
} > "$work/prototype"
# the least that mkfs.xfs makes
mkfs.xfs -q -p "$work/prototype" -d "file,name=$work/partition,size=300m"
publish_disk xfs
