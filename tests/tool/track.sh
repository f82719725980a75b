#!/bin/sh
# Option track: what memcheck and AddressSanitizer report of objects, and that they report nothing of a program without
# errors, nor of the collector.
CC=${CC:-cc}
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin track || exit 1
here=$PWD
unset GCALLOC_MALLOC LD_PRELOAD
[ -e "$here/.libs/libgcalloc.so" ] || { echo "track: there is no shared library: skipped"; exit 77; }
cd "$tmp" || exit 1
ran=
# Without threads of the library's own, of which the C library has memory.
export GCALLOC_OPTIONS=track=1:idle=0:markers=1
build() { # OPTIONS...
    $CC -g -O1 -D_GNU_SOURCE -I"$srcdir/include" "$@" "$srcdir/tests/tool/tracked.c" -L"$here/.libs" -Wl,-rpath,"$here/.libs" -lc -lgcalloc
}

# ---- memcheck ----

memcheck() { # ARGUMENTS...: the report is in the file memory
    valgrind --log-file=memory --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=none ./plain "$@" >said
}
finds() { # PATTERN... -- ARGUMENTS...
    patterns=
    while [ "$1" != -- ]; do patterns="$patterns$1
"; shift; done
    shift
    memcheck "$@"
    [ $? = 9 ] || { echo "no error:"; cat memory; return 1; }
    printf %s "$patterns" | while read -r pattern; do has memory "$pattern" || exit 1; done && has memory 'ERROR SUMMARY: 1 errors'
}
clean() { # WHAT
    memcheck "$1" && has said '^done$' && has memory 'ERROR SUMMARY: 0 errors' || { cat memory; return 1; }
    ! grep -E 'definitely lost: [1-9]|possibly lost: [1-9]' memory
}
if command -v valgrind >/dev/null && grep -q '^#define HAVE_VALGRIND_MEMCHECK_H 1' "$here/config.h" &&
    build -o plain && GCALLOC_OPTIONS='' valgrind -q ./plain clean >said 2>&1; then
    ran=yes
    expect "memcheck: nothing wrong, nothing lost" clean clean
    expect "memcheck: beyond the end" finds 'Invalid write of size 1' 'is 0 bytes after a block of size 100 alloc' \
        'by 0x.*: make (tracked.c' -- overflow 0 100
    expect "memcheck: of a large one" finds 'is 5 bytes after a block of size 100,000 alloc' -- overflow 3 100005
    expect "memcheck: after the free" finds 'Invalid write of size 1' "is 8 bytes inside a block of size 24 free'd" \
        'use_freed (tracked.c' 'make (tracked.c' -- freed 1
    silent() { GCALLOC_OPTIONS='' memcheck overflow 0 100; }
    expect "memcheck: what waits in a slab" clean slab
    expect "memcheck: arrays that move" clean arrays
    other() { GCALLOC_OPTIONS=fence=1:idle=0:markers=1 finds 'is 0 bytes after a block of size 10 alloc' -- other; }
    expect "memcheck: errors of others, behind allocations of gcalloc guard" other
    expect "without the option it sees nothing" silent
fi

# ---- AddressSanitizer ----

export ASAN_OPTIONS=detect_leaks=0
poisoned() { # FUNCTION ARGUMENTS...
    function=$1
    shift
    ! ./watched "$@" >said 2>memory && has memory 'use-after-poison' "in $function .*tracked.c"
}
watched_clean() { ./watched "$1" >said 2>memory && has said '^done$' || { cat memory; return 1; }; }
if build -fsanitize=address -o watched 2>said && GCALLOC_OPTIONS='' ./watched clean >said 2>&1; then
    ran=yes
    expect "AddressSanitizer: nothing wrong" watched_clean clean
    expect "AddressSanitizer: what waits in a slab" watched_clean slab
    expect "AddressSanitizer: arrays that move" watched_clean arrays
    checking() { GCALLOC_OPTIONS=$GCALLOC_OPTIONS:verify=1:profile=$tmp/profile watched_clean "$1"; }
    expect "AddressSanitizer: with a profile, and checked" checking clean
    expect "AddressSanitizer: arrays, with a profile, and checked" checking arrays
    expect "AddressSanitizer: beyond the end" poisoned overflow overflow 0 100
    expect "AddressSanitizer: of a large one" poisoned overflow overflow 3 100005
    expect "AddressSanitizer: after the free" poisoned use_freed freed 1
fi
[ -n "$ran" ] || { echo "track: there is neither of the tools: skipped"; exit 77; }
finish
