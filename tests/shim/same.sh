# Sourced by the tests that run programs with the heap as their malloc: what a program does
# and says without the library and with it is compared.  It makes a folder of its own, $tmp,
# and counts; the test that sources it ends by `finish`.
srcdir=$(cd "${srcdir:-.}" && pwd)
work=$srcdir/tests/shim/work
shim=${shim:-$PWD/.libs/libgcalloc-malloc.so}

tmp=$(mktemp -d "${TMPDIR:-/tmp}/gcalloc-shim.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

passed=0
failed=0
pass() { passed=$((passed + 1)); }
fail() {
    failed=$((failed + 1))
    echo "shim: failed: $*" >&2
}
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}

limit=60 # seconds that a program may run
preloaded() { # OPTIONS COMMAND...
    options=$1
    shift
    timeout -k 5 "$limit" env LD_PRELOAD="$shim" GCALLOC_OPTIONS="$options" "$@"
}

# What differs from run to run is left out by a filter.  With errors=ours, what a program says
# on stderr is not compared; it only must not hold a message of the library's.
filter=cat
errors=same
under=none
found=" "

as_without() { # STATUS
    [ "$1" = "$status" ] && cmp -s plain.out shim.out || return 1
    case $errors in
    same) cmp -s plain.err shim.err ;;
    ours) ! grep -q 'gcalloc: ' shim.raw.err ;;
    esac
}

say_difference() {
    diff plain.out shim.out | head -n 5 >&2
    case $errors in
    same) diff plain.err shim.err | head -n 5 >&2 ;;
    ours) grep 'gcalloc: ' shim.raw.err | head -n 5 >&2 ;;
    esac
}

# same COMMAND...: without the library, with it, and with it under each of the options.
# Programs that are missing are named; $found lists the others.
same() {
    command -v "$1" >/dev/null || { echo "skipped: $1 is not installed"; return 0; }
    found="$found$(basename "$1") "
    without_library "$@"
    with_library "$@"
}

# runs_without NAME COMMAND...: its run without the library ends with status 0.  If not, or if it is not among the names
# that $wanted holds, it is left out.
left_out=0
runs_without() {
    name=$1
    shift
    case $wanted in "  " | *" $name "*) ;; *) return 1 ;; esac
    if ! command -v "$1" >/dev/null; then
        echo "left out: $name: $1 is not installed"
    else
        without_library "$@"
        [ "$status" != 0 ] || return 0
        echo "left out: $name fails without the library: status $status"
    fi
    left_out=$((left_out + 1))
    return 1
}

without_library() {
    timeout -k 5 "$limit" "$@" <table.csv >plain.raw 2>plain.raw.err
    status=$?
    $filter <plain.raw >plain.out
    $filter <plain.raw.err >plain.err
}

with_library() {
    for options in $under; do
        [ "$options" != none ] || options=
        preloaded "$options" "$@" <table.csv >shim.raw 2>shim.raw.err
        now=$?
        $filter <shim.raw >shim.out
        $filter <shim.raw.err >shim.err
        if as_without "$now"; then
            pass
        else
            fail "$* with options '$options': status $now, without the library $status"
            say_difference
        fi
    done
}

# A table for those that read one.
cd "$tmp" || exit 1
awk 'BEGIN {
    srand(1)
    for (i = 0; i < 3000; i++)
        printf "%d,word%d,%d\n", i, int(rand() * 500), int(rand() * 1e9)
}' >table.csv
