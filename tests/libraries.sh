#!/bin/sh
# Programs that get the library in other ways than by being linked with it: by way of another
# library, as part of a plugin that is unloaded, or preloaded.  And programs that have functions
# of the library's names.
CC=${CC:-cc}
NM=${NM:-nm}
srcdir=${srcdir:-.}
here=$PWD
. "$srcdir/tests/expect.sh" && begin libraries || exit 1

sources=$(cd "$srcdir/tests/libraries" && pwd)
include="-I$(cd "$srcdir/include" && pwd)"
shared="-L$here/.libs -Wl,-rpath,$here/.libs -lgcalloc"
build() { # WHAT, OPTIONS... SOURCES...
    $CC -D_GNU_SOURCE $include $COMPILE_FLAGS -o "$@" -pthread -ldl
}
cd "$tmp" || exit 1

# The C library first in the order of search.
expect "a library that uses the collector" \
    build libuser.so -shared -fPIC "$sources/user.c" $shared
expect "a program that uses that one only" \
    build behind "$sources/behind.c" "$sources/system.c" -Wl,--no-as-needed -lc -L. -luser -Wl,-rpath,"$tmp"
expect "it runs" timeout 60 ./behind "$here/.libs/libgcalloc.so"
every() {
    ./behind names | sort >called
    $NM -D --defined-only "$here/.libs/libgcalloc.so" |
        sed -n 's/.* [TWi] \([^@]*\).*/\1/p' | grep -v '^gc_' | sort -u >exported
    diff exported called
}
expect "it calls all that stands in front of the C library" every

# They answer what the C library's answer.
same() { # PROGRAM LIBRARY
    LD_PRELOAD=$here/.libs/$2 timeout 100 "./$1" | diff "$1.without" -
}
for program in refused answers; do
    expect "a program that calls them in wrong ways" build $program "$sources/$program.c"
    expect "they run without the collector" sh -c "timeout 100 ./$program >$program.without"
    expect "they say what the C library's say" same $program libgcalloc.so
    expect "and where the heap is its malloc" same $program libgcalloc-malloc.so
done

# Those are what a library refers to that was linked without the collector, and so with the C
# library's versions of these names; bsd_signal is for old programs only, nobody can refer to it.
# GNU ld gives these versions to a program with -flto, too.
bound() { # PROGRAM
    "$1" | sort >bound
    grep -v '^bsd_signal$' exported | diff - bound
}
expect "a library that does not know of the collector" \
    build libbound.so -shared -fPIC "$sources/bound.c"
expect "a program that uses both" \
    build lists "$sources/lists.c" $shared -L. -lbound -Wl,-rpath,"$tmp"
expect "that library's functions are the collector's" bound ./lists
expect "a program" build lists-pie -fPIE -pie "$sources/lists.c" "$sources/bound.c" $shared
expect "its functions are the collector's" bound ./lists-pie
if echo 'int main(void) { return 0; }' | $CC -flto -x c -o lto - 2>/dev/null && ./lto; then
    expect "a program with -flto" build lists-lto -flto -fPIE -pie \
        "$sources/lists.c" "$sources/bound.c" $shared
    expect "its functions are the collector's" bound ./lists-lto
fi

# Names of the library's in the program.
expect "a program that has its own gc_alloc and others" \
    build names -rdynamic "$sources/names.c" -L. -luser -Wl,-rpath,"$tmp"
expect "it runs" timeout 60 ./names

# A sanitizer's library is in front of this one, and begins later.
if echo 'int main(void) { return 0; }' | $CC -fsanitize=address -x c -o asan - 2>/dev/null &&
    ./asan; then
    cat >allocates.c <<'END'
#include <gcalloc/gcalloc.h>
int main(void) { void *o = gc_alloc(100); gc_collect(); return gc_base(o) != o; }
END
    expect "a program with -fsanitize=address" \
        build allocates -fsanitize=address allocates.c $shared
    expect "it runs" timeout 60 env ASAN_OPTIONS=detect_leaks=0 ./allocates
fi

# Unloaded.
expect "a program that unloads what it loaded" build unload "$sources/unload.c"
expect "a plugin" build plugin.so -shared -fPIC "$sources/user.c" $shared
expect "it is unloaded" timeout 60 ./unload ./plugin.so
expect "a library between the collector and the C library" \
    build libbetween.so -shared -fPIC "$sources/between.c"
expect "a plugin with both" build both.so -shared -fPIC "$sources/user.c" \
    -Wl,--no-as-needed $shared -L. -lbetween -Wl,-rpath,"$tmp"
expect "it is unloaded" timeout 60 ./unload ./both.so "$here/.libs/libgcalloc.so"
if [ -e "$here/.libs/libgcalloc.a" ]; then
    expect "a plugin that contains the library" \
        build static.so -shared -fPIC "$sources/user.c" "$here/.libs/libgcalloc.a" -lunwind
    expect "it is unloaded" timeout 60 ./unload ./static.so
fi

# The last thread, with helpers that mark and one that waits for a rest.
expect "a program that ends with its last thread" build last "$sources/last.c"
last() {
    LD_PRELOAD=$here/.libs/libgcalloc-malloc.so GCALLOC_OPTIONS=$1 timeout 60 ./last
}
expect "it ends as the heap is its malloc" last floor=256K:markers=4
expect "it ends with collections" last floor=256K:markers=4:idle=1

finish
