#!/bin/bash
# L1: a machine with a complete /dev/kvm, emulated by QEMU (TCG, AMD SVM), wherever QEMU runs.
#
#   l1.sh start [--smp N] [--memory MIB] [--mount DIR]... [--disk FILE]... [--owner PID] [--lifetime SECONDS]
#       Boots L1 in the background and returns when it takes jobs; nothing to do if it already does. Defaults: 2 CPUs,
#       4096 MiB. DIR appears in L1, read-only, under its own path; the FILEs are its disks, vda and so on. L1 ends with the process PID and after SECONDS
#       (3600) in any case.
#   l1.sh run [--timeout SECONDS] -- COMMAND [ARGUMENT]...
#   l1.sh run [--timeout SECONDS] < SCRIPT
#       Runs a command, or a sh script, as root in L1; its output streams to ours, its exit status is ours. Default
#       time-out: 600. Concurrent runs wait for each other. Nothing a job starts outlives it.
#       Exit status 124: timed out, and everything of the job killed. 125: there is no L1, it died or no longer answers.
#   l1.sh stop          ends L1 at once or, when it still answers, in order. Not running is fine.
#   l1.sh status        says whether and since when; exit status 0 when running, 3 when not.
#   l1.sh share         prints the host directory that is /share in L1, emptied by start.
#
# In L1: /host is the repository, /bed the bed's cache (kernels, guests, peer), both read-only; /share is writable;
# /tmp, where jobs start, is memory. The shell is dash, the tools are busybox's, iproute2's and nft.
# SWIFTVM_L1=NAME names another L1 beside the default one ("l1"); each has its own directory, bed/run/NAME.
set -eu
. "$(dirname "$0")/lib.sh"

name=${SWIFTVM_L1:-l1}
dir=$bed/run/$name
jobs=$dir/share/.jobs

# The process identifier is only believed while that process has this L1's directory on its command line.
alive() { pid=$(cat "$dir/qemu.pid" 2>/dev/null) && grep -qsF "$dir/ctl" "/proc/$pid/cmdline"; }
panicked() { grep -qs 'Kernel panic' "$dir/console.log"; }
ready() { alive && [ -e "$jobs/ready" ]; }

# Both ends of QEMU's pipe are opened for reading and writing: that never blocks, whoever is there.
tell() { echo "$*" 1<>"$dir/ctl.in"; }

# wait_a_bit: until L1 says something on its line, or a quarter of a second; needs descriptor 7.
wait_a_bit() { read -r -t 0.25 -u 7 _ || true; }

# keep QEMU...: stays beside QEMU for as long as it runs and ends it when its time is over or its owner gone.
keep() {
  trap 'kill "$qemu"; wait "$qemu"; exit' TERM INT HUP
  # should this process be killed outright, the kernel ends QEMU
  setpriv --pdeathsig KILL "$@" &
  qemu=$!
  echo "$qemu" > "$dir/pid.new"
  mv "$dir/pid.new" "$dir/qemu.pid"
  while kill -0 "$qemu" 2>/dev/null; do
    [ -z "$owner" ] || [ -d "/proc/$owner" ] || { echo "the owner, $owner, is gone"; kill "$qemu"; owner=; }
    [ "$SECONDS" -lt "$lifetime" ] || { echo "the lifetime is over"; kill "$qemu"; lifetime=$((lifetime + 5)); }
    sleep 1
  done
  wait "$qemu"
}

start() {
  local smp=2 memory=4096 owner='' lifetime=3600 mounts=() disks=() directory disk n=0
  while [ $# -gt 0 ]; do
    [ $# -gt 1 ] || die "$1 wants a value"
    case $1 in
      --smp) smp=$2 ;;
      --memory) memory=$2 ;;
      --mount) mounts+=("$2") ;;
      --disk) disks+=("$2") ;;
      --owner) owner=$2 ;;
      --lifetime) lifetime=$2 ;;
      *) die "unknown option $1" ;;
    esac
    shift 2
  done
  if ready; then return; fi
  need_tools qemu-system-x86_64 setpriv flock
  need_kernels
  "$here/l1-initrd.sh"
  mkdir -p "$bed/run"
  exec 9>"$dir.lock"
  flock 9
  if ready; then return; fi
  ! alive || kill -KILL "$pid"

  rm -rf "$dir"
  mkdir -p "$jobs"
  mkfifo "$dir/ctl.in" "$dir/ctl.out"
  # shellcheck source=l1-qemu.sh
  . "$here/l1-qemu.sh"
  l1_qemu "$smp" "$memory" "$dir/share"
  for directory in ${mounts[@]+"${mounts[@]}"}; do
    n=$((n + 1))
    l1_share "m$n" "$directory" readonly=on
    echo "m$n $directory"
  done > "$dir/share/.mounts"
  for disk in ${disks[@]+"${disks[@]}"}; do
    qemu_args+=(-drive "file=${disk//,/,,},format=raw,if=virtio,cache=writeback")
  done
  qemu_args+=(-chardev "file,id=console,path=$dir/console.log" -serial chardev:console
    -chardev "pipe,id=ctl,path=$dir/ctl" -serial chardev:ctl)
  exec 7<>"$dir/ctl.out"
  SECONDS=0
  # in a session of its own, so that an interrupt at the terminal does not reach it
  export -f keep
  dir=$dir owner=$owner lifetime=$lifetime setsid bash -c 'keep "$@"' keep "${qemu_args[@]}" \
    </dev/null >"$dir/qemu.log" 2>&1 7>&- 9>&- &
  local keeper=$!
  echo "$keeper" > "$dir/keeper.pid"
  trap 'kill "$keeper"; exit 143' INT TERM HUP
  while ! ready; do
    if panicked || ! kill -0 "$keeper" 2>/dev/null; then
      sed 's/^/  /' "$dir/qemu.log" "$dir/console.log" >&2 2>/dev/null || true
      kill "$keeper" 2>/dev/null || true
      die "L1 did not come up"
    fi
    [ "$SECONDS" -lt 300 ] || { kill "$keeper"; die "L1 did not come up in 300 s; see $dir/console.log"; }
    wait_a_bit
  done
}

dead() {
  if panicked; then say "l1.sh: L1 panicked; see $dir/console.log"; else say "l1.sh: $1"; fi
  ! alive || kill -KILL "$pid" 2>/dev/null || true
  exit 125
}

run() {
  local timeout=600 word end killed='' checked=0
  while [ $# -gt 0 ]; do
    case $1 in
      --timeout) [ $# -gt 1 ] || die "$1 wants a value"; timeout=$2; shift 2 ;;
      --) shift; break ;;
      *) die "unknown option $1: a command comes after --" ;;
    esac
  done
  [ -d "$dir" ] || dead "L1 is not running"
  exec 9>"$dir.lock"
  flock 9
  ready || dead "L1 is not running"

  rm -rf "$jobs"/[0-9]* # of callers that were killed
  id=$$.$(date +%s%N)
  job=$jobs/$id # not local: the trap below outlives this function
  mkdir "$job"
  : > "$job/stdout"
  : > "$job/stderr"
  if [ $# = 0 ]; then cat; else
    for word; do printf "'%s' " "${word//\'/\'\\\'\'}"; done
    echo
  fi > "$job/script"
  exec 5<"$job/stdout" 6<"$job/stderr" 7<>"$dir/ctl.out"
  end=$((SECONDS + timeout))
  # whatever ends us ends the job; what SIGKILL leaves, the next job ends
  trap '[ -e "$job/status" ] || tell kill "$id"; rm -rf "$job"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  tell run "$id"
  while [ ! -e "$job/status" ]; do
    wait_a_bit
    [ "$SECONDS" != "$checked" ] || continue
    checked=$SECONDS
    cat <&5
    cat <&6 >&2
    alive && ! panicked || [ -e "$job/status" ] || dead "L1 died"
    [ "$SECONDS" -ge "$end" ] || continue
    [ -z "$killed" ] || dead "L1 no longer answers"
    killed=yes
    end=$((SECONDS + 60))
    tell kill "$id"
  done
  cat <&5
  cat <&6 >&2
  if [ -n "$killed" ]; then
    say "l1.sh: timed out after $timeout s"
    exit 124
  fi
  exit "$(cat "$job/status")"
}

# gone SECONDS: neither QEMU nor its keeper is left, at the latest then.
gone() {
  local end=$((SECONDS + $1)) keeper
  keeper=$(cat "$dir/keeper.pid" 2>/dev/null || echo none)
  while alive || grep -qsF "$dir/ctl" "/proc/$keeper/cmdline"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

stop() {
  alive || return 0
  ! ready || tell off
  gone 20 || { kill "$pid"; gone 5; } || { kill -KILL "$pid"; gone 5; } || die "process $pid does not end"
}

status() {
  if ready; then
    echo "L1 $name runs: process $pid, up $(ps -o etimes= -p "$pid" | tr -d ' ') s, console in $dir/console.log"
  else
    echo "L1 $name is not running"
    exit 3
  fi
}

verb=${1:-}
[ $# = 0 ] || shift
case $verb in
  start | run | stop | status) "$verb" "$@" ;;
  share) echo "$dir/share" ;;
  *) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2; exit 64 ;;
esac
