#!/bin/sh
# gcalloc profile and report: programs of known allocations, whose figures are told exactly; recordings of programs
# that were killed, and of files that were cut; children, threads; every form of report.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin profile || exit 1
tool=$PWD/tools/gcalloc
known=$PWD/tests/tool/known
[ -e "$PWD/.libs/libgcalloc-malloc.so" ] || { echo "profile: there is no malloc to preload"; exit 77; }
unset GCALLOC_OPTIONS GCALLOC_MALLOC LD_PRELOAD
cd "$tmp" || exit 1

# ---- What is expected ----

record() { # FILE FLAGS... -- ARGUMENTS...: of the known program
    file=$1
    shift
    flags=
    while [ "$1" != -- ]; do flags="$flags $1"; shift; done
    shift
    # shellcheck disable=SC2086 # a list of words
    "$tool" profile $flags -o "$file" "$known" "$@" >out 2>err || { cat err; return 1; }
    [ ! -s err ] || { cat err; return 1; }
}
# Lines of "function bytes objects" of what the known program did.
sites() { # FILE MEASURE
    "$tool" report --json "$1" >report.json || return 1
    awk -v want="$2" '
        /"sites": / { on = 1 } /"stacks": / { on = 0 }
        !on { next }
        /"function": / { f = $2; gsub(/[",]/, "", f) }
        /^      "[a-z]+": \{/ { m = $1; gsub(/[":]/, "", m) }
        m == want && /"bytes": / { b = $2 + 0 }
        m == want && /"objects": / { n = $2 + 0; if (n && f ~ /^(keep|brief|large|grow|worker)$/) { bytes[f] += b; count[f] += n }; m = "" }
        END { for (f in bytes) print f, bytes[f], count[f] }
    ' report.json | sort
}
tells() { # FILE MEASURE LINE...
    file=$1 measure=$2
    shift 2
    printf '%s\n' "$@" | grep . | sort >wanted
    sites "$file" "$measure" >got
    diff wanted got
}
has() { # FILE PATTERN...: lines of the file
    file=$1
    shift
    for pattern; do
        grep -q -e "$pattern" "$file" || { echo "no line like $pattern in:"; cat "$file"; return 1; }
    done
}
# says STATUS MESSAGE ARGUMENTS...: one line on stderr
refuses() {
    status=$1 message=$2
    shift 2
    "$tool" "$@" >out 2>err
    got=$?
    [ "$got" = "$status" ] && [ "$(cat err)" = "gcalloc: $message" ] && return 0
    echo "status $got:"
    cat err
    return 1
}

# ---- Every object ----

expect "a recording of every object" record exact.gcp --exact -- 1
expect "what was allocated" tells exact.gcp allocated "keep 100000 100" "brief 16500 500" "large 5000000 1" \
    "grow 150000 2"
expect "what was alive at the peak" tells exact.gcp peak "keep 100000 100" "large 5000000 1"
expect "what is alive at the end" tells exact.gcp end "keep 10000 10" "grow 100000 1"
expect "what was temporary" tells exact.gcp temporary "brief 16500 500" "large 5000000 1"
expect "it has ended" has report.json '"ended": true' '"damaged": false' '"every": 0,' '"command": ".*known 1"'
text() { "$tool" report exact.gcp >out 2>err && [ ! -s err ] && has out 'every object$' ' temporary (' \
    '^ *4.8 MiB  *1 .* large  known.c:[0-9]*$' '^    #1  work  known.c:[0-9]*$'; }
expect "as text" text
folded() {
    "$tool" report --folded --by=end exact.gcp | grep 'main;.*\(keep\|grow\)' >got || return 1
    printf '%s\n' "main;grow 100000" "main;work;keep 10000" | diff - got
}
expect "as folded stacks" folded
objects() { "$tool" report --folded --objects --by=allocated exact.gcp | grep -q '^main;work;brief 500$'; }
expect "as folded stacks of objects" objects
differs() {
    record more.gcp --exact -- 2 && "$tool" report --diff=exact.gcp --by=end more.gcp >out &&
        has out '^ *9.8 KiB  *19.5 KiB  *+9.8 KiB  *+10  keep  known.c:[0-9]*$'
}
expect "compared with another" differs
folds_both() { "$tool" report --diff=exact.gcp --by=end --folded more.gcp | grep -q '^main;work;keep 10000 20000$'; }
expect "compared as folded stacks" folds_both

# ---- Ends ----

killed() {
    "$tool" profile --exact -o killed.gcp "$known" 1 kill >out 2>&1
    [ $? = 137 ] && tells killed.gcp end "keep 10000 10" "grow 100000 1" &&
        "$tool" report killed.gcp 2>&1 >out | grep -q 'ends before the program did'
}
expect "a program that is killed" killed
leaves() {
    "$tool" profile --exact -o left.gcp "$known" 1 _exit >out 2>&1 &&
        tells left.gcp end "keep 10000 10" "grow 100000 1"
}
expect "a program that calls _exit" leaves
size=$(wc -c <exact.gcp)
at=10
cut_anywhere() {
    while [ "$at" -lt "$size" ]; do
        head -c "$at" exact.gcp >cut.gcp
        "$tool" report --folded cut.gcp >out 2>err
        status=$?
        if [ "$status" != 0 ] && [ "$status" != 3 ]; then echo "cut at $at: status $status"; return 1; fi
        grep -q '^gcalloc: cut.gcp ' err || { echo "cut at $at"; cat err; return 1; }
        at=$((at + 397))
    done
}
expect "a file that was cut" cut_anywhere
damaged() {
    { head -c 2000 exact.gcp; printf '\377\377\377\377'; tail -c +2005 exact.gcp; } >damaged.gcp
    "$tool" report damaged.gcp 2>&1 >out | grep -q 'damaged behind byte [0-9]* of'
}
expect "a file that is damaged" damaged
full() { (
    ulimit -f 2
    "$tool" profile --exact -o full.gcp "$known" 1 >out 2>err
    [ $? = 0 ] && has err 'full.gcp cannot be written: File too large; nothing more is recorded'
); }
expect "a file that may not become larger: the program goes on" full

# ---- Processes and threads ----

forks() {
    rm -f fork*; record fork.gcp --exact -- 1 fork && set -- fork.gcp.* && [ $# = 1 ] &&
        tells "$1" allocated "keep 2000 2" && tells fork.gcp allocated "keep 100000 100" "brief 16500 500" \
        "large 5000000 1" "grow 150000 2"
}
expect "a child has a file of its own" forks
numbered() {
    "$tool" profile --exact -o 'number.%p.gcp' "$known" 1 fork >out 2>&1 && set -- number.*.gcp && [ $# = 2 ]
}
expect "%p is the process" numbered
alone() { rm -f fork*; record fork.gcp --exact --follow-fork=no -- 1 fork && set -- fork.gcp* && [ $# = 1 ]; }
expect "--follow-fork=no" alone
becomes() {
    "$tool" profile --exact -o exec.gcp "$known" 1 exec >out 2>&1 && set -- exec.gcp.* && [ $# = 1 ] &&
        tells "$1" allocated "keep 100000 100" "brief 16500 500" "large 5000000 1" "grow 150000 2" &&
        tells exec.gcp end "keep 10000 10" "grow 100000 1"
}
expect "a program that becomes another" becomes
threads() { record threads.gcp --exact -- 1 threads && tells threads.gcp allocated "keep 100000 100" \
    "brief 16500 500" "large 5000000 1" "grow 150000 2" "worker 4000000 40000" &&
    tells threads.gcp temporary "brief 16500 500" "large 5000000 1" "worker 4000000 40000"; }
expect "threads" threads
named() { "$tool" profile --exact "$known" 1 2>err && set -- known.*.gcp && [ $# = 1 ] &&
    [ "$(cat err)" = "gcalloc: the recording is $1" ]; }
expect "a name, if none is given" named
anew() { echo something >again.gcp; record again.gcp --exact -- 1 && [ ! -e again.gcp.* ] &&
    tells again.gcp end "keep 10000 10" "grow 100000 1"; }
expect "the file is made anew" anew

# ---- What is refused ----

expect "no file" refuses 3 "none.gcp cannot be read: No such file or directory" report none.gcp
echo text >text.gcp
expect "another file" refuses 3 "text.gcp is no recording of \`gcalloc profile\`, or of another version" \
    report text.gcp
expect "two forms" refuses 2 "--json and --folded are two forms, and one is possible" report --json --folded x
expect "a measure" refuses 2 '--by is one of allocated, peak, end, temporary, not "size"' report --by=size x
expect "an unknown flag" refuses 2 "gcalloc report has no flag --foldde (did you mean --folded?); \`gcalloc report \
--help\` lists them" report --foldde x

finish
