#!/bin/sh
# Builds the library with AddressSanitizer and the coverage that libFuzzer asks for, in a folder of its
# own here, and has it look for inputs of tests/region/fuzz.c that crash or hang.
#
# usage: fuzz.sh SECONDS [ARGUMENT...]     the arguments are libFuzzer's; inputs are kept in build-fuzz/inputs
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
seconds=$1
shift
clang=${CLANG:-clang}
flags='-g -O1 -fsanitize=address'
mkdir -p build-fuzz/inputs
echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n ? 0 : 0; }' >build-fuzz/try.c
if ! "$clang" -fsanitize=fuzzer,address -o build-fuzz/try build-fuzz/try.c 2>/dev/null; then
    echo "fuzz-region needs clang with libFuzzer (Debian: clang and libclang-rt-14-dev)" >&2
    exit 1
fi
# A folder that is configured itself has objects of its own where make would look for ours: what
# a distribution has is copied.
if [ -f "$source/config.status" ]; then
    make -s distdir distdir="$PWD/build-fuzz/source"
    source=$PWD/build-fuzz/source
fi
cd build-fuzz
[ -f config.status ] || "$source/configure" -q CC="$clang" CXX="$clang++" \
    CFLAGS="$flags -fsanitize=fuzzer-no-link"
make -s src/libcore.la
libs=$(sed -n 's/^LIBUNWIND_LIBS = //p' Makefile)
# shellcheck disable=SC2086
"$clang" -std=gnu11 $flags -fsanitize=fuzzer -DFUZZ_TARGET -D_GNU_SOURCE -I. -I"$source" \
    -I"$source/include" -Iinclude -I"$source/src" -o fuzz "$source/tests/region/fuzz.c" src/.libs/libcore.a \
    $libs -lpthread
# What the library says of damage is no news here; leaks are looked for elsewhere.
GCALLOC_OPTIONS=region_wait=20 ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0 \
    ./fuzz -max_total_time="$seconds" -timeout=60 -max_len=400 -rss_limit_mb=2000 \
    -close_fd_mask=2 -artifact_prefix=inputs- "$@" inputs
