#!/bin/sh
# Each function that the library exports for programs is called in tests/api/nothing.c.
NM=${NM:-nm}
srcdir=${srcdir:-.}
. "$srcdir/tests/expect.sh" && begin nothing || exit 1

called() {
    sed -n 's/^ *CALL(\(gc_[a-z_]*\),.*/\1/p' "$srcdir/tests/api/nothing.c" | sort -u >"$tmp/called"
    $NM -D --defined-only .libs/libgcalloc.so | sed -n 's/.* T \(gc_[a-z_]*\).*/\1/p' | sort -u >"$tmp/exported"
    test -s "$tmp/exported" && comm -23 "$tmp/exported" "$tmp/called" >"$tmp/missing"
    ! grep . "$tmp/missing"
}
expect "each function is called with NULL" called

finish
