#!/bin/sh
# Compiles and runs the programs in pages of docs, with the library that was built, plain and
# checking each collection.
srcdir=${srcdir:-.}
CC=${CC:-cc}

tmp=$(mktemp -d "${TMPDIR:-/tmp}/gcalloc-porting.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

for page in porting counting finalizers weak ipc layouts memory regions slabs walk; do
    awk -v start="$tmp/$page" '/^```c$/ { n++; inside = 1; next } /^```$/ { inside = 0 }
        inside { print > (start "-" n ".c") }' "$srcdir/docs/$page.md"
done

# The region of docs/regions.md is for all programs of its name.
rm -f /dev/shm/visits
trap 'rm -rf "$tmp" /dev/shm/visits' EXIT

passed=0
failed=0
for program in "$tmp"/*.c; do
    name=${program%.c}
    # shellcheck disable=SC2086 # a list of words
    if $CC $COMPILE_FLAGS -Wall -Wextra -Werror -I"$srcdir/include" -o "$name" "$program" \
        .libs/libgcalloc.so -Wl,-rpath,"$PWD/.libs" &&
        "$name" && GCALLOC_OPTIONS=verify=1:stress=1:idle=0 "$name"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "porting: failed: program ${name##*/} of docs" >&2
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 5 ]
