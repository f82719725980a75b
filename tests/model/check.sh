#!/bin/sh
# Checks slots.pml, region.pml, stop.pml and beside.pml with spin: as they are there must be no error, and with each
# rule left out there must be one.
#
# usage: check.sh [TURNS [CYCLES]]: operations of each thread and collections in slots.pml
# (default 5 2: seconds; 6 2: a minute and 3 GB)

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

# verdict MODEL BROKEN TURNS: prints the number of errors.
verdict() {
    spin "-DBROKEN=$2" "-DTURNS=$3" "-DCYCLES=$cycles" -a "$here/$1.pml"
    ${CC:-cc} -w -O2 -DSAFETY -DVECTORSZ=1024 -DMEMLIM=8000 -o pan pan.c
    ./pan -m1000000 >pan.out
    sed -n 's/.*errors: //p' pan.out
}

failed=0

# check MODEL TURNS FEWER RULE...: FEWER turns show what each rule is for.
check() {
    model=$1 fewer=$3
    errors=$(verdict "$model" NOTHING "$2")
    states=$(sed -n 's/ *\([0-9.e+]*\) states, stored.*/\1/p' pan.out)
    echo "model: $model, $2 turns: $states states, $errors errors"
    grep -q 'max search depth too small\|out of memory' pan.out && errors=incomplete
    [ "$errors" = 0 ] || failed=1
    shift 3
    for rule; do
        errors=$(verdict "$model" "$rule" "$fewer")
        echo "model: $model without $rule: $errors errors"
        [ "$errors" != 0 ] || failed=1
    done
}

check slots "$turns" 5 FREE_ORDER FAST_CACHES SECTIONS LAST_ROOT LOCK
check region 2 2 LINE_FIRST BRACKETS EPOCH INHERIT ORPHAN
check stop 2 2 JOIN LEAVE CLAIM RELEASE SECTIONS PUBLISH PUT_OFF RESTART
cycles=2
check beside 5 5 ROOTS WRITTEN OTHERS PROTECT LEFT YOUNGER LOCK
cycles=1
check beside 6 7 ORDER SWAP
exit $failed
