#!/bin/sh
# The memory limit of a control group keeps the heap below it: files in place of the system's,
# seen by the program alone.  Option heap_limit goes before.
set -eu
grow=tests/api/grow
groups=$(mktemp -d)
trap 'rm -r "$groups"' EXIT
mkdir "$groups/memory"
echo 104857600 | tee "$groups/memory.max" >"$groups/memory/memory.limit_in_bytes"

in_group() {
    unshare -rm sh -c "mount --bind '$groups' /sys/fs/cgroup && $1"
}

in_group true 2>/dev/null || {
    echo "group: no mounts to be had here; left out"
    exit 77
}

expect() {
    [ "$2" "$3" "$4" ] || { echo "group: $1: the heap held $2 KiB" >&2; exit 1; }
}

export GCALLOC_OPTIONS=floor=1G:memory=0
expect "without a limit" "$($grow)" -gt 150000
expect "with a limit of 100 MiB" "$(in_group $grow)" -le 82000
export GCALLOC_OPTIONS=floor=1G:memory=0:heap_limit=1G
expect "with heap_limit" "$(in_group $grow)" -gt 150000
echo "group: all passed"
