#!/bin/sh
# A program of several threads runs under gdb, through collections, without stopping; and
# gdb stops it without the commands that are installed for it.
set -eu
program=./tests/threads/storm
commands=$srcdir/tools/gdb/gcalloc.py
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

debug() {
    timeout 120 ./libtool --mode=execute gdb -nx -batch "$@" \
        -ex 'set debuginfod enabled off' -ex 'set confirm off' \
        -ex 'handle SIGALRM nostop noprint pass' -ex 'set print thread-events off' \
        -ex 'set startup-with-shell off' -ex run --args $program 4 2 \
        </dev/null >"$out/log" 2>&1 || true
}

if ! gdb -nx -batch -ex 'set startup-with-shell off' -ex run --args "$(command -v true)" \
    </dev/null 2>/dev/null | grep -q 'exited normally'; then
    echo "gdb: there is none that can run programs: skipped"
    exit 77
fi
debug -x "$commands"
if ! grep -q 'storm: .* passed' "$out/log" || ! grep -q 'exited normally' "$out/log"; then
    cat "$out/log"
    echo "gdb: stopped the program"
    exit 1
fi
debug
if ! grep -q 'received signal SIG52' "$out/log"; then
    cat "$out/log"
    echo "gdb: the stop signal is another one"
    exit 1
fi
echo "gdb: passed"
