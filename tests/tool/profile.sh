#!/bin/sh
# gcalloc profile and report: programs of known allocations, whose figures are told exactly; recordings of programs
# that were killed, and of files that were cut; children, threads; every form of report.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin profile || exit 1
find_tool
known=$PWD/tests/tool/known
typed_program=$PWD/tests/tool/types
forgets=$PWD/tests/tool/forgets
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
        m == want && /"objects": / { n = $2 + 0; if (n && f ~ /^(keep|brief|large|grow|worker|head|tail)$/) { bytes[f] += b; count[f] += n }; m = "" }
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
# Objects by what they take in the heap; one that is moved is another.
of_sizes() {
    awk '/"sizes": / { on = 1 } /"sites": / { on = 0 }
        on && /"up_to": / { size = $2 + 0 }
        on && /^      "[a-z]+": \{/ { m = $1; gsub(/[":]/, "", m) }
        on && /"objects": / && $2 + 0 { print size, m, $2 + 0 }' report.json | grep -v -e ' temporary ' -e ' leaked ' >got
    printf '%s\n' "48 allocated 500" "1024 allocated 100" "1024 peak 100" "1024 end 10" "65536 allocated 1" \
        "131072 allocated 1" "131072 end 1" "8388608 allocated 1" "8388608 peak 1" | diff - got
}
expect "by size" of_sizes
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

# In the middle of the last time that nothing happened for 0.29 seconds: the program slept.
asleep() {
    "$tool" report --json slow.gcp | awk '/"timeline": / { on = 1 } on && /"seconds": / {
        if ($2 - last >= 0.29) found = (last + $2) / 2
        last = $2 + 0
    } END { printf "%.3f\n", found }'
}
moments() {
    "$tool" profile --exact -o slow.gcp "$known" 1 slow || return 1
    at=$(asleep)
    "$tool" report --since="$at" slow.gcp >out && has out '^end, in bytes, of$' 'before: slow.gcp, until [0-9.]* s$' \
        '^ *0 B  *97.7 KiB  *+97.7 KiB  *+1  grow  known.c' &&
        "$tool" report --folded --by=end --until="$at" slow.gcp >out && has out '^main;work;keep 10000$' &&
        ! grep grow out
}
expect "what has come since a moment, and what there was by then" moments

# ---- Types ----

types() { # MEASURE: lines of "name, bytes, objects"
    "$tool" report --json types.gcp | awk -v want="$1" '
        /"types": / { on = 1 } /"sizes": / { on = 0 }
        !on { next }
        /"name": / { name = $0; sub(/^ *"name": "/, "", name); sub(/",$/, "", name) }
        /^      "[a-z]+": \{/ { m = $1; gsub(/[":]/, "", m) }
        m == want && /"bytes": / { bytes = $2 + 0 }
        m == want && /"objects": / { if ($2 + 0) print name ", " bytes ", " $2 + 0; m = "" }' | sort
}
typed() {
    GCALLOC_OPTIONS=profile=types.gcp:profile_every=0 "$typed_program" && types allocated >got || return 1
    other=$(sed -n 's/^layout \([0-9]*\),.*/\1/p' got)
    printf '%s\n' "atomic, 150, 3" "cells, 384, 6" "layout $other, 240, 6" "manual, 200, 1" "pair </script>, 192, 12" \
        "scanned, 600, 6" | diff - got
}
expect "by type" typed
typed_end() { types end | grep -e '^pair' -e '^scanned' >got && printf '%s\n' "pair </script>, 176, 11" "scanned, 500, 5" | diff - got; }
expect "at the end, too" typed_end
typed_text() { "$tool" report types.gcp >out && has out 'bytes and objects of each type$' ' 384 B  *6  .*  cells$' && "$tool" report exact.gcp >out && ! grep 'each type$' out; }
expect "as text, where there is more than one" typed_text

# ---- Holders ----

held() {
    record held.gcp --exact --holders=yes -- 1 hold && "$tool" report held.gcp >out &&
        sed -n '/^what holds/,$p' out >got && has got '^6.8 KiB in 1 object:  make_link  known.c' || return 1
    sed -n '/^6.8 KiB/,/^$/p' got | sed '1d; $d; s/  known.c.*//' >way
    {
        echo "    static variable held+0 of known"
        echo "           -> 100 bytes  make_link"
        for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do echo "        +8 -> 100 bytes  make_link"; done
        echo "           ... 6 more"
        for i in 1 2 3; do echo "        +8 -> 100 bytes  make_link"; done
        echo "        +8 -> 7000 bytes  make_link"
    } | diff - way
}
expect "what holds an object" held
held_samples() {
    record samples.gcp --every=4K --holders=yes -- 1 hold && "$tool" report samples.gcp >out &&
        has out '^    static variable sink+0 of known$' '^           -> [0-9]* bytes  grow  known.c'
}
expect "in samples" held_samples
held_later() { "$tool" report --until=0.000001 held.gcp >out && ! grep '^what holds' out; }
expect "not at a moment before the end" held_later
not_held() { record free.gcp --exact -- 1 hold && "$tool" report free.gcp >out && ! grep '^what holds' out; }
expect "where it is wanted" not_held

# ---- pprof ----

if "$tool" report --pprof exact.gcp >exact.pb.gz 2>err; then
    unpacked() {
        gzip -dc exact.pb.gz | protoc --decode=perftools.profiles.Profile -I"$srcdir/tools" pprof.proto >exact.txt &&
            has exact.txt 'string_table: "alloc_objects"' 'string_table: "keep"' 'string_table: ".*tool/known 1"' \
                'value: 100000$' 'value: 10000$' 'value: 16500$' '^period: 1$' 'build_id: ' &&
            [ "$(grep -c '^sample {' exact.txt)" = "$(grep -c '"frames": ' report.json)" ]
    }
    if command -v protoc >/dev/null; then expect "for pprof" unpacked; fi
    expect "compressed" gzip -t exact.pb.gz
else
    expect "for pprof, which needs protobuf-c" has err 'was built without protobuf-c'
fi

# ---- Samples ----

# The program allocates 16.5 KB 40,000 times over in the places that have names: what is said of samples is within
# five standard deviations of what is known, and the seed makes it the same each time.
sampled() {
    "$tool" profile --every=16K -O profile_seed=3 -o sampled.gcp "$known" 30 >out 2>&1 &&
        sites sampled.gcp allocated >got && awk '
        function close_to(name, got, bytes, slot,  deviation) {
            deviation = sqrt(bytes / slot * slot * 16384)
            if (got < bytes - 5 * deviation || got > bytes + 5 * deviation) { print name, got, bytes; wrong = 1 }
        }
        { got[$1] = $2; count[$1] = $3 }
        END {
            close_to("keep", got["keep"], 30 * 100000, 1008)
            close_to("brief", got["brief"], 30 * 16500, 48)
            if (got["large"] != 30 * 5000000 || count["large"] != 30) { print "large", got["large"]; wrong = 1 }
            exit wrong
        }' got
}
expect "samples stand for what they were drawn from" sampled
same() {
    "$tool" profile --every=16K -O profile_seed=3 -o again.gcp "$known" 30 && sites again.gcp allocated | diff - got
}
expect "the same ones with the same seed" same
temporary() {
    sites sampled.gcp temporary >brief && sites sampled.gcp allocated | grep '^\(brief\|large\) ' | diff brief -
}
expect "samples that are temporary" temporary
ends() {
    sites sampled.gcp end | awk '$1 == "keep" { if ($2 < 10000 || $2 > 900000) print } $1 == "brief" || $1 == "large"' |
        grep . && return 1
    return 0
}
expect "samples that are alive at the end" ends
sampled_threads() {
    "$tool" profile --every=16K -o threads.gcp "$known" 1 threads && sites threads.gcp allocated >got &&
        awk '$1 == "worker" { found = $2 > 2500000 && $2 < 5500000 } END { exit !found }' got
}
expect "samples of threads" sampled_threads
collected() {
    "$tool" collect -O profile=collected.gcp:profile_every=16K "$forgets" >out 2>&1 &&
        "$tool" report collected.gcp | grep -q '^collected  *[0-9.]* MiB in'
}
expect "samples that were collected" collected
with_leaks() {
    GCALLOC_OPTIONS=leaks=1:report=leaks.txt "$tool" profile --every=16K -o with.gcp "$known" 30 &&
        has leaks.txt 'definite' && "$tool" report with.gcp >out 2>err && has out 'one object for 16.0 KiB'
}
expect "with leaks beside" with_leaks

# ---- What has leaked ----

# Of a hundred the last may have left its address somewhere.
loses() { # FILE FLAGS...
    file=$1
    shift
    "$tool" profile "$@" -o "$file" "$known" 0 lose && sites "$file" leaked >got &&
        awk '{ bytes[$1] = $2; count[$1] = $3 }
            END { exit !(count["head"] >= 99 && bytes["head"] == 2000 * count["head"] &&
                count["tail"] == 5 * count["head"] && bytes["tail"] == 300 * count["tail"]) }' got
}
expect "what has leaked" loses lost.gcp --exact
kept() { awk '/"function": "head"/ { on = 1 } on && /"kept": / { getline; b = $2 + 0; getline; print b, $2; exit }' report.json; }
expect "with what it alone keeps" [ "$(kept)" = "$(awk '$1 == "tail" { print $2, $3 }' got)" ]
no_pause() { ! "$tool" report lost.gcp | grep collection; }
expect "by a collection that is none of the program's" no_pause
leaks_text() { "$tool" report lost.gcp --by=leaked >out && has out '^leaked  *[0-9.]* KiB in [0-9]* objects, at the end' \
    '  leaked   site$' '^by leaked: ' '^ .* 9[0-9]  head  known.c:\|^ .* 100  head  known.c:'; }
expect "as text" leaks_text
leaks_folded() { "$tool" report --folded --objects --by=leaked lost.gcp | grep -q '^main;lose_all;head;tail [0-9]*$'; }
expect "as folded stacks" leaks_folded
loses_samples() {
    "$tool" profile --every=4K -O profile_seed=5 -o few.gcp "$known" 0 lose && sites few.gcp leaked >got &&
        awk '$1 == "head" { head = $2 } $1 == "tail" { tail = $2 }
            END { exit !(head > 100000 && head < 300000 && tail > 75000 && tail < 225000) }' got
}
expect "by samples" loses_samples
not_asked() { "$tool" profile --exact --leaks=no -o lost.gcp "$known" 0 lose && tells lost.gcp leaked &&
    tells lost.gcp end "head 200000 100" "tail 150000 500" "grow 100000 1"; }
expect "unless it is not asked for" not_asked

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
# Whatever is in it, in whichever form: it is a report of what could be read, or an error.
damaged_anywhere() {
    for at in $(seq 8 37 900); do
        { head -c "$at" exact.gcp; printf '\377\377\377\177'; tail -c +$((at + 5)) exact.gcp; } >damaged.gcp
        for form in text pprof; do
            "$tool" report --$form damaged.gcp >out 2>err
            status=$?
            [ "$status" -le 3 ] || { echo "$form, damaged at $at: status $status"; return 1; }
        done
    done
}
expect "a file that is damaged at any place" damaged_anywhere
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
expect "a measure" refuses 2 '--by is one of allocated, peak, end, temporary, leaked, not "size"' report --by=size x
expect "an unknown flag" refuses 2 "gcalloc report has no flag --foldde (did you mean --folded?); \`gcalloc report \
--help\` lists them" report --foldde x

finish
