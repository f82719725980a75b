#!/bin/sh
# Programs of the tests on the library as --enable-checking makes it: those that come to most of the
# checks.  Left out are the slowest suites of the public functions, whose heaps are checked as a whole
# again and again, as each has its like among the unit tests; those of threads and of young collections
# that ask for what is found, not for what the heap is like; and of the ends of objects all but large tables, which
# that library has the markers share in many more, smaller parts.
srcdir=${srcdir:-.}
. "$srcdir/tests/expect.sh" && begin checked || exit 1
LD_LIBRARY_PATH=$PWD/tests/checked${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# What libtool has made: a script that would name another folder, and the program.
program() { # FOLDER NAME CASE...: each of which has tests
    real=tests/$1/.libs/$2
    [ -x "$real" ] || real=tests/$1/$2
    LD_TRACE_LOADED_OBJECTS=1 "$real" | grep -q '/tests/checked/libgcalloc' ||
        { echo "$real is not linked with the library that checks"; return 1; }
    shift 2
    for case; do
        CK_RUN_CASE=$case "$real" >"$tmp/case" 2>&1 && ! grep -q 'Checks: 0,' "$tmp/case" ||
            { echo "$real, $case:"; cat "$tmp/case"; return 1; }
    done
}
suite() { # SUITE: which has tests
    CK_RUN_SUITE=$1 tests/api/api-checked >"$tmp/suite" 2>&1 && ! grep -q 'Checks: 0,' "$tmp/suite" ||
        { cat "$tmp/suite"; return 1; }
}

expect "the threads" program threads threads lives ends coroutines forks stops foreign
expect "tables that markers share" program object object-gcc-O2 shared
expect "young collections" program young young-gcc-O2 lives process storm midst later
for suite in aligned allocate collect object option process roots stats zero; do
    expect "the public functions: $suite" suite "$suite"
done
finish
