#!/bin/sh
# Checks slots.pml with spin: as it is there must be no error, and with each rule left out
# there must be one.
#
# usage: check.sh [TURNS [CYCLES]]: operations of each thread, collections (default 5 2:
# seconds; 6 2: a minute and 3 GB)

set -eu
turns=${1:-5} cycles=${2:-2}
here=$(cd "$(dirname "$0")" && pwd)
command -v spin >/dev/null || {
    echo "$0: spin is missing (Debian: apt-get install spin)" >&2
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# verdict BROKEN TURNS: prints the number of errors.
verdict() {
    spin "-DBROKEN=$1" "-DTURNS=$2" "-DCYCLES=$cycles" -a "$here/slots.pml"
    ${CC:-cc} -w -O2 -DSAFETY -DVECTORSZ=1024 -DMEMLIM=8000 -o pan pan.c
    ./pan -m1000000 >pan.out
    sed -n 's/.*errors: //p' pan.out
}

failed=0
errors=$(verdict NOTHING "$turns")
states=$(sed -n 's/ *\([0-9.e+]*\) states, stored.*/\1/p' pan.out)
echo "model: $turns turns, $cycles collections: $states states, $errors errors"
grep -q 'max search depth too small\|out of memory' pan.out && errors=incomplete
[ "$errors" = 0 ] || failed=1
for rule in FREE_ORDER FAST_CACHES SECTIONS LAST_ROOT LOCK; do
    errors=$(verdict "$rule" 5)
    echo "model: without $rule: $errors errors"
    [ "$errors" = 0 ] && failed=1
done
exit $failed
