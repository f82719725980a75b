#!/bin/sh
# Leaks of libraries that were unloaded, in whose place others are: each is of the library that
# made it.  Where the loader puts the libraries to one address is not for the test to decide; what
# it expects holds anywhere, and the last line says how often it was so.
CC=${CC:-cc}
srcdir=${srcdir:-.}
here=$PWD
tmp=$(mktemp -d "${TMPDIR:-/tmp}/gcalloc-unloaded.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
passed=0
failed=0
shared=0
checked=
expect() { # NAME COMMAND...
    name=$1
    shift
    if "$@" >"$tmp/errors" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "unloaded: failed: $built: $name" >&2
        cat "$tmp/errors" "$tmp/out" >&2
    fi
}

sources=$(cd "$srcdir/tests/leaks" && pwd)
include="-I$(cd "$srcdir/include" && pwd)"
link="-L$here/.libs -Wl,-rpath,$here/.libs -lgcalloc"
build() { # WHAT, OPTIONS... SOURCES...
    $compiler $COMPILE_FLAGS -g $level -D_GNU_SOURCE $include -o "$@" -pthread -ldl
}
plugin() { # NAME ROOM OPTIONS...
    name=$1 room=$2
    shift 2
    build "$name.so" -shared -fPIC -DNAME="$name" -DROOM="$room" "$sources/plugin.c" "$@"
}

# Each begins with its own set of files, as some take one away.
libraries="./alpha.so:alpha ./gamma.so:gamma"
run() { # OPTIONS HOW LIBRARIES...
    options=$1
    shift
    cp -p plugins/*.so .
    GCALLOC_OPTIONS=$options timeout 60 ./"${program:-unloaded}" "$@" >"$tmp/out" 2>&1 ||
        echo "failed" >>"$tmp/out"
    ! grep -q "at one address" "$tmp/out" || shared=$((shared + 1))
}
# PATTERN stands on TIMES lines.
lines() {
    [ "$(grep -c -e "$2" "$tmp/out")" = "$1" ]
}
# The frames below a leak's title, to a file.
stack() { # BYTES
    sed -n "/^Leak of $1 bytes in 1 object\$/,/^  [0-9]/{/^    #/p;}" "$tmp/out" >"$tmp/stack"
}
is_in() { # BYTES FUNCTION PLACE
    second=
    stack "$1"
    { read -r second && IFS= read -r second; } <"$tmp/stack"
    echo "$second" | grep -q "^    #1  $2  *$3\$" && grep -q ' main  ' "$tmp/stack"
}
stack_has() { # BYTES FUNCTION PLACE
    stack "$1" && grep -q "  $2  *$3\$" "$tmp/stack"
}
source="plugin\.c:[0-9]*"

each_its_own() { # WHAT: of those in $libraries
    expect "$1: the first one's leak" is_in 100 alpha "$source (unloaded)"
    expect "$1: the second one's" is_in 110 gamma "$source"
    expect "$1: no other" lines 2 '^Leak of'
}

check() {
    run leaks=1 here ./alpha.so:alpha ./gamma.so:gamma
    each_its_own "a library in the other's place"
    run leaks=1 here ./alpha.so:alpha ./large.so:large
    expect "with larger frames: the first" is_in 100 alpha "$source (unloaded)"
    expect "with larger frames: the second" is_in 110 large "$source"
    run leaks=1 here ./large.so:large ./alpha.so:alpha
    expect "with smaller frames: the first" is_in 100 large "$source (unloaded)"
    expect "with smaller frames: the second" is_in 110 alpha "$source"
    run leaks=1 signal ./alpha.so:alpha ./large.so:large
    expect "in a handler: the first" is_in 100 alpha "$source (unloaded)"
    expect "in a handler: the second" is_in 110 large "$source"
    run leaks=1 signal ./large.so:large ./alpha.so:alpha
    expect "in a handler, with smaller frames: the first" \
        is_in 100 large "$source (unloaded)"
    expect "in a handler, with smaller frames: the second" is_in 110 alpha "$source"
    run leaks=1 thread $libraries
    expect "in a thread: the first" stack_has 100 alpha "$source (unloaded)"
    expect "in a thread: the second" stack_has 110 gamma "$source"
    run leaks=1 apart $libraries
    each_its_own "in name spaces of their own"
    run leaks=1 here ./outer.so:outer ./gamma.so:gamma
    each_its_own "with the library that needs it"
    expect "that one" lines 1 '^    #2  outer  *plugin\.c:[0-9]* (unloaded)'
    run leaks=1 elsewhere $libraries
    each_its_own "in another folder"
    run leaks=1 behind ./alpha.so:alpha ./large.so:large
    expect "closed by the C library: the first" is_in 100 alpha "$source (unloaded)"
    expect "closed by the C library: the second" is_in 110 large "$source"

    program=malloc LD_PRELOAD=$here/.libs/libgcalloc-malloc.so
    export LD_PRELOAD
    run leaks=1 here $libraries
    expect "as malloc: the first" is_in 100 alpha "$source (unloaded)"
    expect "as malloc: the second" is_in 110 gamma "$source"
    run leaks=1 behind ./alpha.so:alpha ./large.so:large
    expect "as malloc, closed by the C library: the first" \
        is_in 100 alpha "$source (unloaded)"
    expect "as malloc, closed by the C library: the second" is_in 110 large "$source"
    unset program LD_PRELOAD
}

# No leak is of another library than its size says; of 800 a few may be kept by what a thread has
# left behind.
cat >"$tmp/together.awk" <<'END'
BEGIN {
    split("alpha gamma large outer", names)
    for (i in names)
        size[names[i]] = 100 + 10 * (i - 1)
}
/^Leak of / { bytes = $3; count = $6 }
/^    #1 / { name = $2 }
/^    #2 / {
    objects += count
    wrong += bytes != count * size[$2 == "outer" ? $2 : name]
}
END { exit !(objects > 700 && wrong == 0) }
END

# What does not depend on the compiler.
check_once() {
    for alone in no yes; do
        [ $alone = no ] || export LD_PRELOAD="$here/.libs/libgcalloc-malloc.so" program=malloc
        run leaks=1 together ./alpha.so:alpha ./gamma.so:gamma ./large.so:large \
            ./outer.so:outer
        expect "four threads, as malloc: $alone" \
            awk -f "$tmp/together.awk" "$tmp/out"
        unset LD_PRELOAD program
    done

    run leaks=1 here ./alpha.so:alpha ./gamma.so:gamma ./alpha.so:alpha ./gamma.so:gamma \
        ./alpha.so:alpha
    expect "loaded again: one group for a library" lines 2 '^Leak of'
    expect "both are there" lines 1 '^Leak of 360 bytes in 3 objects'
    expect "the one that is loaded" lines 1 " alpha  *$source\$"
    expect "the one that is not" lines 1 " gamma  *$source (unloaded)\$"

    run leaks=1 without $libraries
    expect "without its file" is_in 100 "??" "alpha.so+0x[0-9a-f]* (unloaded)"
    for id in sha1 none; do
        for what in alpha other; do
            plugin $what 200 -Wl,--build-id=$id && mv $what.so plugins
        done
        run leaks=1 replaced $libraries
        expect "with another file, $id" is_in 100 "??" "alpha.so+0x[0-9a-f]* (unloaded)"
        expect "the one behind it, $id" is_in 110 gamma "$source"
        run leaks=1 replaced ./alpha.so:alpha ./alpha.so:other
        expect "replaced by that, $id" is_in 100 "??" "alpha.so+0x[0-9a-f]* (unloaded)"
        expect "the new one, $id" is_in 110 other "$source"
    done

    run leaks=1:report_format=json here $libraries
    expect "JSON: the first" lines 1 \
        '"function":"alpha",.*"module":"./alpha.so","offset":[0-9]*,"inlined":false,"unloaded":true}'
    expect "JSON: the second" lines 1 \
        '"function":"gamma",.*"module":"[^"]*/gamma.so","offset":[0-9]*,"inlined":false,"unloaded":false}'
    for what in alpha alpha.so gamma gamma.so; do
        echo "leak:$what\$" >suppressions
        run leaks=1:suppressions=suppressions here $libraries
        expect "suppressed: $what" lines 1 "  suppressed by leak:$what\\$: 1 object"
        case $what in alpha*) left=110 ;; *) left=100 ;; esac
        expect "left with $what" lines 1 "^Leak of $left bytes"
    done

    run stacks=1 twice $libraries
    expect "freed twice" lines 1 'double free$'
    expect "allocated and freed first by the first" lines 2 " alpha  *$source (unloaded)"
    expect "and not by the second" lines 0 gamma
}

for compiler in "$CC" "${CLANG:-clang}"; do
    command -v ${compiler%% -*} >/dev/null || continue
    for level in $([ "$compiler" = "$CC" ] && echo -O2 || echo -O0); do
        built="$compiler $level"
        mkdir -p "$tmp/build/plugins" && cd "$tmp/build" || exit 1
        (cd plugins && plugin alpha 200 && plugin gamma 200 && plugin large 4000 &&
            plugin outer 200 -DINNER=alpha ./alpha.so \
            -Wl,-rpath,\$ORIGIN) >"$tmp/out" 2>&1
        expect "the libraries" test $? = 0
        expect "the program" build unloaded "$sources/unloaded.c" $link
        expect "one that uses malloc" build malloc -DWITH_MALLOC "$sources/unloaded.c"
        check
        [ -n "$checked" ] || check_once
        checked=yes
        cd "$here" && rm -rf "$tmp/build"
    done
done
echo "$passed passed, $failed failed, $shared times at one address"
[ "$failed" = 0 ]
