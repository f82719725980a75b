#!/bin/sh
# Installs into a directory of its own and builds a program as a user would: cc and
# pkg-config, with the shared library, the static one, and as a C++ program.  Looks that
# nothing but gc_* is exported, and what stands in front of the C library.
srcdir=${srcdir:-.}
CC=${CC:-cc}
CXX=${CXX:-c++}
NM=${NM:-nm}
MAKE=${MAKE:-make}
PKG_CONFIG=${PKG_CONFIG:-pkg-config}
. "$srcdir/tests/expect.sh" && begin installed || exit 1

# Only what a user of the library needs; the outer make's flags and job server are its own.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES DESTDIR
$MAKE install-libLTLIBRARIES install-pkgincludeHEADERS DESTDIR="$tmp" >"$tmp/log" 2>&1 &&
    $MAKE install-pkgconfigDATA DESTDIR="$tmp" >>"$tmp/log" 2>&1 || {
    cat "$tmp/log" >&2
    exit 1
}

pc=$(find "$tmp" -name gcalloc.pc)
lib=$(dirname "$(dirname "$pc")")
[ -n "$pc" ] || { echo "installed: no gcalloc.pc" >&2; exit 1; }
PKG_CONFIG_PATH=$(dirname "$pc")${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
prefix=${lib%/*}
export PKG_CONFIG_PATH

# As if configured with this prefix: pkg-config moves it.
flags() { "$PKG_CONFIG" --define-variable=prefix="$prefix" "$@" gcalloc; }
expect "pkg-config knows the version" flags --atleast-version=0.1

source=$srcdir/tests/roots/installed.c
strict="-Wall -Wextra -Wundef -Wshadow -Wconversion -Werror"
expect "a C program builds" \
    $CC $strict -o "$tmp/shared" "$source" $(flags --cflags --libs)
expect "it runs" env LD_LIBRARY_PATH="$lib" "$tmp/shared"

echo '#include <gcalloc/inline.h>
int main(void) { return gc_alloc(1) && gc_alloc_inline(1) && gc_alloc_atomic_inline(1) ? 0 : 1; }' \
    >"$tmp/program.c"
expect "a C99 program with inlined calls builds" \
    $CC -std=c99 -O2 $strict -o "$tmp/inlined" "$tmp/program.c" $(flags --cflags --libs)
expect "it runs" env LD_LIBRARY_PATH="$lib" "$tmp/inlined"

cp "$tmp/program.c" "$tmp/program.cc"
expect "a C++ program builds" \
    $CXX $strict -o "$tmp/cplusplus" "$tmp/program.cc" $(flags --cflags --libs)
expect "it runs" env LD_LIBRARY_PATH="$lib" "$tmp/cplusplus"

printf '%s\n' '#include <gcalloc/gcalloc.hpp>' '#include <vector>' 'int main() {' \
    'std::vector<int, gcalloc::allocator<int>> v(9, 1);' \
    'return *gcalloc::root<int>(gcalloc::make<int>(v[3])) - 1; }' >"$tmp/program.cc"
expect "a C++17 program with the allocators builds" \
    $CXX -std=c++17 $strict -o "$tmp/cplusplus17" "$tmp/program.cc" $(flags --cflags --libs)
expect "it runs" env LD_LIBRARY_PATH="$lib" "$tmp/cplusplus17"

if [ -e "$lib/libgcalloc.a" ] && [ "${static_programs:-no}" = yes ]; then
    expect "a static program builds" \
        $CC $strict -static -o "$tmp/static" "$source" $(flags --static --cflags --libs)
    expect "it runs" "$tmp/static"
fi

# What a linker takes of the archive for a program that calls none of these itself.
in_front() {
    names=$(readelf -Ws "$lib/libgcalloc.a" 2>/dev/null | sort -u -k 8 |
        awk '$4 == "FUNC" && $5 == "GLOBAL" && $6 == "DEFAULT" && $7 != "UND" && $8 !~ /^gc_/ { print $8 }')
    $CC -o "$tmp/archive" "$tmp/program.c" $(flags --cflags) "$lib/libgcalloc.a" \
        $(flags --static --libs-only-other) -lunwind || return 1
    $NM --defined-only "$tmp/archive" | awk '{ print $3 }' >"$tmp/names"
    for name in $names; do
        grep -qx "$name" "$tmp/names" || { echo "missing: $name"; return 1; }
    done
    [ -n "$names" ]
}
if [ -e "$lib/libgcalloc.a" ] && ! echo "${COMPILE_FLAGS:-}" | grep -q -e -flto; then
    expect "all that stands in front of the C library is in a program with the archive" in_front
fi

only_gc() {
    foreign=$($NM -D --defined-only "$lib/libgcalloc.so" |
        awk '$2 != "A" && $3 !~ /^gc_/ && $3 !~ /^(_[eE]xit|chroot|dl_iterate_phdr|dlclose|madvise|mmap(64)?|mremap|munmap|(pkey_)?mprotect|pthread_.*|thrd_(create|join|detach|exit)|posix_spawnp?|vfork|f?execve|exec(l|le|lp|v|vp|vpe|veat)|swapcontext|setcontext|(__)?(sig|sysv_|bsd_|s)?sig.*|ppoll|__ppoll_chk|pselect|epoll_ctl|epoll_pwait2?|qsort(_r)?|timer_create|timer_delete|mq_notify|lio_listio(64)?|getaddrinfo_a)(@.*)?$/ { print $3 }')
    [ -z "$foreign" ] || { echo "exported: $foreign"; return 1; }
    [ "$($NM -D --defined-only "$lib/libgcalloc.so" | grep -c ' T gc_')" -gt 0 ]
}
expect "only gc_* is exported, and some of the C library's names" only_gc

finish
