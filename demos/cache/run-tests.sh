#!/bin/sh
# The cache under load while its users are killed: sh run-tests.sh GCCACHE [KILLS]
# The demo is its own judge: it checks each value, and at the end the table and the region.
if [ $# -lt 1 ]; then
    echo "usage: $0 GCCACHE [KILLS]" >&2
    exit 2
fi
passed=0
run() { # OPTION...
    "$@" || { echo "cache: FAILED: $*" >&2; exit 1; }
    passed=$((passed + 1))
}
run "$1" -w 3 -e 1000 -k "${2:-25}"
# So few entries that the processes are at the same ones all the time.
run "$1" -w 3 -e 8 -k "${2:-25}"
if "$1" -w 1000 2>/dev/null; then
    echo "cache: FAILED: more workers than there can be" >&2
    exit 1
fi
echo "cache: $((passed + 1)) passed, 0 failed"
