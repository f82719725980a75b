#!/bin/sh
# Builds the small programs with malloc and runs them, as they are and stripped, with gcalloc's heap, and under
# LeakSanitizer and memcheck, where these are installed.  They are to find what the programs' table says, but for the
# differences that the file `differences` lists and docs/leaks.md explains.  `make check` runs a part of the programs
# under the other tools, `make check-corpus` all of them.
srcdir=${srcdir:-.}
CC=${CC:-cc}
CXX=${CXX:-c++}
here=$srcdir/tests/leaks
shim=$PWD/.libs/libgcalloc-malloc.so
every=${corpus_every:-6}
unset GCALLOC_OPTIONS LD_PRELOAD

tmp=$(mktemp -d "${TMPDIR:-/tmp}/gcalloc-compare.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# Without a C++ compiler there are the programs of C.
build() { # PROGRAM FLAGS...
    program=$1
    shift
    cxx=
    link=$CC
    if $CXX -std=gnu++17 -g -w -DWITH_MALLOC -D_GNU_SOURCE "$@" -c -o "$tmp/cxx.o" "$here/cxx.cc" 2>"$tmp/errors"; then
        cxx=$tmp/cxx.o
        link=$CXX
    fi
    rm -f "$tmp"/c-*.o
    for file in programs graphs places threads processes deeply; do
        $CC -std=gnu11 -g -D_GNU_SOURCE -DWITH_MALLOC -DKEEPER_LIBRARY="\"$tmp/keeper.so\"" \
            "$@" -c -o "$tmp/c-$file.o" "$here/$file.c" 2>"$tmp/errors" || return 1
    done
    # shellcheck disable=SC2086 # there may be none
    $link "$@" -o "$tmp/$program" "$tmp"/c-*.o $cxx -ldl -pthread 2>"$tmp/errors"
}

$CC -g -shared -fPIC -o "$tmp/keeper.so" "$here/keeper.c" || exit 1

# The tools' numbers, one file per process: definite, indirect, possible.
lsan_numbers() {
    awk '/^(Direct|Indirect) leak of/ {
            objects[$1] += $7
            bytes[$1] += $4
        }
        END {
            print objects["Direct"] + 0, bytes["Direct"] + 0, objects["Indirect"] + 0,
                bytes["Indirect"] + 0, "- -"
        }' "$1"
}
gcalloc_numbers() {
    sed -n 's/.*"totals":{"definite":{"objects":\([0-9]*\),"bytes":\([0-9]*\)},"indirect":{"objects":\([0-9]*\),"bytes":\([0-9]*\)},"possible":{"objects":\([0-9]*\),"bytes":\([0-9]*\)}.*/\1 \2 \3 \4 \5 \6/p' "$1" |
        grep . || echo 0 0 0 0 0 0
}
memcheck_numbers() {
    awk '{ gsub(/,/, "") }
        / (definitely|indirectly|possibly) lost: / {
            objects[$2] = $7
            bytes[$2] = $4
        }
        END {
            print objects["definitely"] + 0, bytes["definitely"] + 0,
                objects["indirectly"] + 0, bytes["indirectly"] + 0,
                objects["possibly"] + 0, bytes["possibly"] + 0
        }' "$1"
}

passed=0
failed=0
explained=0
check() { # TOOL NAME EXPECTED FOUND
    expected=$3
    difference=$(sed -n "s/^$1 $2 \([-0-9 ]*\): .*/\1/p" "$here/differences")
    if [ -n "$difference" ]; then
        explained=$((explained + 1))
        expected=$difference
    fi
    verdict=passed
    [ "$4" = "$expected" ] || verdict=FAILED
    if [ "$verdict" = passed ] && [ -n "$difference" ]; then
        verdict=$(sed -n "s/^$1 $2 [-0-9 ]*: //p" "$here/differences")
    fi
    if [ "$verdict" = FAILED ]; then
        failed=$((failed + 1))
        verdict="UNEXPLAINED, expected $expected"
    else
        passed=$((passed + 1))
    fi
    [ "$verdict" = passed ] || printf '%-9s %-21s %s; gcalloc %s\n          %s\n' \
        "$1" "$2" "$4" "$3" "$verdict"
}

# TOOL: looks at every process of $tmp/list, whose report is $tmp/report.PROCESS.
check_all() {
    while read -r name process d db i ib p pb rest; do
        [ -e "$tmp/report.$process" ] || : >"$tmp/report.$process"
        expected="$d $db $i $ib $p $pb"
        [ "$1" = lsan ] && expected="$d $db $i $ib - -"
        check "$1" "$name" "$expected" "$("$1_numbers" "$tmp/report.$process")"
    done <"$tmp/list"
    rm -f "$tmp"/report.*
}

# repeat COMMAND...: again, a few times, while something is not as expected: the other tools are
# conservative too, and some stray word may lead to an object.  To one of megabytes under valgrind,
# whose addresses are small numbers, one did in one run of nine.
repeat() {
    passed_before=$passed failed_before=$failed explained_before=$explained
    for attempt in 1 2 3 4 5; do
        passed=$passed_before failed=$failed_before explained=$explained_before
        "$@" >"$tmp/said"
        [ "$failed" != "$failed_before" ] || break
    done
    cat "$tmp/said"
}

with_lsan() {
    LSAN_OPTIONS=exitcode=0:symbolize=0:log_path=$tmp/report "$tmp/lsan" every "$every" >"$tmp/list" || exit 1
    check_all lsan
}

with_memcheck() {
    valgrind --leak-check=full --log-file="$tmp/report.%p" "$tmp/malloc" every "$every" >"$tmp/list" ||
        exit 1
    check_all memcheck
}

# Without names, which take most of the time of a report.
mkdir "$tmp/no-names"
echo "not a library" >"$tmp/no-names/libdw.so.1"
with_gcalloc() { # PROGRAM EVERY
    LD_LIBRARY_PATH=$tmp/no-names LD_PRELOAD=$shim \
        GCALLOC_OPTIONS=leaks=1:groups=0:report_format=json:report=$tmp/report.%p \
        "$tmp/$1" every "$2" >"$tmp/list" || exit 1
    count=$(wc -l <"$tmp/list")
    check_all gcalloc
}

echo "objects and bytes: definite, indirect, possible"
build malloc -O0 || { cat "$tmp/errors"; exit 1; }
if [ -e "$shim" ]; then
    with_gcalloc malloc 1
    echo "$count processes"
    if command -v strip >/dev/null; then
        strip -s -o "$tmp/stripped" "$tmp/malloc"
        with_gcalloc stripped "$every"
    fi
fi
for level in $([ "$every" = 1 ] && echo -O0) -O2; do
    if ! build lsan $level -fsanitize=leak; then
        echo "LeakSanitizer is not installed"
    elif LSAN_OPTIONS=exitcode=7 "$tmp/lsan" single >/dev/null 2>&1; [ $? != 7 ]; then
        echo "LeakSanitizer does not work here"
    else
        repeat with_lsan
    fi
done

if ! command -v valgrind >/dev/null; then
    echo "memcheck is not installed"
elif ! valgrind -q "$tmp/malloc" clean >/dev/null 2>&1; then
    echo "memcheck does not work here"
else
    repeat with_memcheck
fi

# Each explanation must be in the manual, too.
while read -r tool name rest; do
    case $tool in '' | '#') continue ;; esac
    grep -q "\`$name\`" "$srcdir/docs/leaks.md" || {
        echo "docs/leaks.md does not explain $name"
        failed=$((failed + 1))
    }
done <"$here/differences"

echo "$explained differences, all explained" | sed "$([ $failed = 0 ] || echo 's/, all.*//')"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
