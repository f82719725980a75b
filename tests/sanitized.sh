#!/bin/sh
# Builds the library and its tests with one of the compiler's sanitizers, in a folder of
# their own here, and runs there what it can watch.
#
# usage: sanitized.sh check-tsan|check-asan|check-ubsan [RUNS]

set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
case $1 in
check-tsan) build=build-tsan flags=-fsanitize=thread ;;
check-asan) build=build-asan flags=-fsanitize=address ;;
check-ubsan) build=build-ubsan flags='-fsanitize=undefined -fno-sanitize-recover' ;;
*) exit 2 ;;
esac
programs='tests/unit/unit tests/api/api tests/roots/roots-gcc-O0 tests/roots/roots-gcc-O2
    tests/threads/threads tests/young/young-gcc-O2 tests/object/object-gcc-O2 tests/typed/typed-gcc-O2
    tests/region/region tests/region/hostile tests/ipc/ipc'
mkdir -p "$build"
# A folder that is configured itself has objects of its own where make would look for ours: what
# a distribution has is copied.
if [ -f "$source/config.status" ]; then
    make -s distdir distdir="$build/source"
    source=$PWD/$build/source
fi
cd "$build"
[ -f config.status ] ||
    "$source/configure" -q CC="$CC" CFLAGS="-O1 -g $flags"
# Libraries without the sanitizer: one in a name space of its own would bring another copy of it.
make -s CFLAGS='-O1 -g' tests/threads/small.la tests/threads/large.la tests/threads/held.la \
    tests/roots/later.la tests/roots/later-exec.la tests/unit/small.la tests/unit/large.la tests/unit/other.la
# The library is part of each program.
make -s LDFLAGS=-static libgcalloc.la $programs tests/threads/storm

# Children of a program with threads start and end without those; Check allocates for each
# assertion, also for those in signal handlers.
TSAN_OPTIONS='die_after_fork=0 report_thread_leaks=0 report_signal_unsafe=0'
# What only the heap refers to is no leak; objects on stacks must be on stacks.
ASAN_OPTIONS='detect_leaks=0 detect_stack_use_after_return=0'
CK_TIMEOUT_MULTIPLIER=10
export TSAN_OPTIONS ASAN_OPTIONS CK_TIMEOUT_MULTIPLIER

run=0
while [ $((run += 1)) -le "${2:-1}" ]; do
    for program in $programs; do
        "$program"
    done
    TSAN_OPTIONS='die_after_fork=0 report_thread_leaks=0' "$source/tests/threads/storm.sh"
done
echo "$1: all passed"
