# Reads /proc/PID/smaps of a virtual machine: what the process has in memory of its own, in KiB: resident, anonymous,
# proportional. The guest's memory, of `guest` KiB, is left out: one mapping, or the first 2 MiB and the rest.
/^[0-9a-f]+-[0-9a-f]+ / {
    split($1, range, "-")
    next
}
$1 == "Size:" {
    last = now
    last_end = end
    now = ++count
    end = range[2]
    if ($2 >= guest - 2048 && $2 <= guest + 64) {
        left[now] = 1
        if (last_end == range[1] && size[last] == 2048) left[last] = 1
    }
    size[now] = $2
}
$1 == "Rss:" { resident[now] = $2 }
$1 == "Pss:" { proportional[now] = $2 }
$1 == "Anonymous:" { anonymous[now] = $2 }
END {
    for (now = 1; now <= count; now++)
        if (!left[now]) {
            r += resident[now]
            a += anonymous[now]
            p += proportional[now]
        }
    print r, a, p
}
