#!/bin/sh
# Builds the library and its tests once more with --enable-checking, in a folder of its own here,
# and runs there what comes to most of the checks.  The slowest suites of the public functions,
# whose heaps are checked as a whole again and again, are left out: each has its like among the
# unit tests.
srcdir=${srcdir:-.}
MAKE=${MAKE:-make}
. "$srcdir/tests/expect.sh" && begin checked || exit 1

if grep -q '^#define GC_CHECKING 1' config.h; then
    echo "checked: this build has checking itself: skipped"
    exit 77
fi

# The outer make's flags and job server are its own.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR CK_RUN_SUITE CK_RUN_CASE
source=$(cd "$srcdir" && pwd)
mkdir -p build-checked
# A folder that is configured itself has objects of its own where make would look for ours: what
# a distribution has is copied.
if [ -f "$source/config.status" ]; then
    $MAKE -s distdir distdir=build-checked/source >"$tmp/log" 2>&1 || {
        cat "$tmp/log" >&2
        exit 1
    }
    source=$PWD/build-checked/source
fi
cd build-checked || exit 1

configured() {
    [ -f config.status ] ||
        "$source/configure" -q --enable-checking --disable-static CC="$CC" CFLAGS='-O1 -g'
}
programs='tests/unit/unit tests/api/api tests/roots/roots-gcc-O2 tests/threads/threads
    tests/young/young-gcc-O2'
libraries='tests/unit/small.la tests/unit/large.la tests/unit/other.la tests/roots/later.la
    tests/threads/small.la tests/threads/large.la tests/threads/held.la'
built() {
    # shellcheck disable=SC2086 # lists of words
    $MAKE -s libgcalloc.la $programs $libraries && grep -q '^#define GC_CHECKING 1' config.h
}
suite() { # PROGRAM SUITE: which has tests
    CK_RUN_SUITE=$2 "$1" >"$tmp/suite" 2>&1 && ! grep -q 'Checks: 0,' "$tmp/suite" ||
        { cat "$tmp/suite"; return 1; }
}

expect "it is configured with checking" configured
expect "it is built" built
expect "the unit tests" tests/unit/unit
expect "the roots" tests/roots/roots-gcc-O2
expect "the threads" tests/threads/threads
expect "young collections" tests/young/young-gcc-O2
for suite in aligned allocate collect idle object option process resize roots stats zero; do
    expect "the public functions: $suite" suite tests/api/api "$suite"
done
finish
