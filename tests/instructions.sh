#!/bin/sh
# The fast paths take as many instructions as bench/instructions.table says, of which
# neither more nor fewer pass: what became cheaper has to stay so.  The table is for one
# compiler with one set of flags, and other builds are skipped.
#
# In one and the same build a count comes out the same each time.  It is an average: a few
# of the calls take a slow path, which depends a little on the machine.  The tolerance is
# for that; one instruction more on a fast path is seen.
set -eu
srcdir=${srcdir:-.}
tolerance=0.5
table=$srcdir/bench/instructions.table
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

skip() {
    echo "instructions: $*: skipped"
    exit 77
}

for tool in valgrind callgrind_annotate; do
    command -v $tool >/dev/null || skip "$tool is not installed"
done
valgrind -q --tool=callgrind --callgrind-out-file=/dev/null true >"$out/log" 2>&1 ||
    skip "callgrind does not run here"
permitted=$(sed -n 's/^build: //p' "$table")
[ -n "$permitted" ] || { echo "instructions: $table names no build"; exit 1; }
build=$("$srcdir/bench/instructions" --bin bench --build)
[ "$build" = "$permitted" ] || skip "the table is for $permitted; this build is $build"

"$srcdir/bench/instructions" --bin bench --table >"$out/table"
awk -v tolerance=$tolerance '
function complain(text) { print "instructions: " text; failed = 1 }
/^#/ || /^build:/ { next }
{
    count = $1
    operation = $0
    sub(/^ *[0-9.]+ +/, "", operation)
}
FNR == NR { permitted[operation] = count; next }
!(operation in permitted) { complain(operation ": not in the table"); next }
{
    compared++
    limits = "where the table permits " permitted[operation] " (+-" tolerance ")"
    if (count > permitted[operation] + tolerance)
        complain(operation ": " count " instructions " limits ": too many")
    else if (count < permitted[operation] - tolerance)
        complain(operation ": " count " instructions " limits ": lower the table")
    delete permitted[operation]
}
END {
    for (operation in permitted)
        complain(operation ": in the table, but not counted")
    if (failed) {
        print "instructions: if this is meant, make the table anew: make bench-instructions-table"
        exit 1
    }
    print "instructions: " compared " operations as in the table"
}' "$table" "$out/table"
