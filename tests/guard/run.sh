#!/bin/sh
# gcalloc guard: programs that do one thing wrong each, as compiled with -O0 and -O2: the report says what it
# is, with the functions that allocated, freed and noticed; and programs that do nothing wrong, of which
# nothing is reported, and which do and say what they do without it.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin guard || exit 1
find_tool
[ -e "$PWD/.libs/libgcalloc-malloc.so" ] || { echo "guard: there is no libgcalloc-malloc.so"; exit 77; }
unset GCALLOC_OPTIONS GCALLOC_MALLOC LD_PRELOAD
cd "$tmp" || exit 1
ulimit -c 0

# Without addresses, numbers of lines, and what the shell says of a program that was ended by a signal.
plain() { sed -E '/Segmentation fault/d; s/0x[0-9a-f]+/ADDRESS/g; s/ +(faults|families)\.(c|cc):[0-9]+$//; s/^( *#[0-9]+) +/\1 /; s/ [^ ]*faults-O/ faults-O/' "$1"; }

# reports FLAGS PROGRAM [LINE...]: what is reported, all of it; the program goes on as if nothing was, unless
# $ending says how it ends.  No object is fenced but by a flag.
ending=7
reports() {
    flags=$1 program=$2
    shift 2
    : >wanted
    for line; do
        printf '%s\n' "$line" >>wanted
    done
    # shellcheck disable=SC2086 # these are words
    "$tool" guard --fence=0 $flags -L log "$faults" $program >out 2>err
    status=$?
    cat log >>err 2>/dev/null
    rm -f log
    plain err >got
    [ "$status" = "$ending" ] || echo "status $status"
    said=
    [ "$ending" != 7 ] || said=done
    diff wanted got && [ "$status" = "$ending" ] && [ "$(cat out)" = "$said" ]
}

overflow() { # FUNCTION BYTES WRITTEN CALLER: the usual report
    expect "$level: $program" reports "" "$program" \
        "gcalloc: $1(ADDRESS): written beyond the end of the object" "  the object has $2 bytes; $3" \
        "  called by" "    #0 $4" "    #1 $program" "    #2 main" \
        "  allocated by" "    #0 $5" "    #1 $program" "    #2 main"
}

for level in -O0 -O2; do
    faults=$tmp/faults$level
    # Their calls are no tail calls, and what the programs do wrong is not to be seen by the compiler.
    ${CC:-cc} -g $level -fno-builtin -fno-optimize-sibling-calls -w -o "$faults" "$srcdir/tests/guard/faults.c" ||
        exit 1

    after() { # BYTES WRITTEN FOUND FREED
        expect "$level: $program" reports "" "$program" \
            "gcalloc: ADDRESS: written after it was freed, found $3" "  the object had up to $1 bytes; $2" \
            "  allocated by" "    #0 make" "    #1 $program" "    #2 main" \
            "  freed by" "    #0 $4" "    #1 $program" "    #2 main"
    }
    uses() { # WHAT WHERE USER
        expect "$level: $program" reports --fence=1 "$program" \
            "gcalloc: ADDRESS: used $1" "  it was used at ADDRESS, $2" \
            "  used by" "    #0 $3" "    #1 $program" "    #2 main" \
            "  allocated by" "    #0 make" "    #1 $program" "    #2 main"
    }

    program=overflow_by_one
    overflow free 13 "1 byte, from 0 behind its end on, was written: 41" end make
    program=overflow_then_realloc
    overflow realloc 40 "1 byte, from 0 behind its end on, was written: 01" resize make
    program=write_after_free
    after 48 "1 byte, from 8 on, was written: 05" "when the program ended" end
    ending=139
    expect "$level: read_after_free" reports --fence=1 read_after_free \
        "gcalloc: ADDRESS: used after it was freed" "  it was used at ADDRESS, 7 bytes into the object of 40 bytes" \
        "  used by" "    #0 get" "    #1 read_after_free" "    #2 main" \
        "  allocated by" "    #0 make" "    #1 read_after_free" "    #2 main" \
        "  freed by" "    #0 end" "    #1 read_after_free" "    #2 main"
    ending=7
    expect "$level: nothing wrong" reports "" nothing_wrong
    [ "$level" = -O2 ] || continue # it makes no difference for the rest

    program=overflow_of_whole_granules
    overflow free 32 "1 byte, from 0 behind its end on, was written: 00" end make
    program=overflow_further
    overflow free 5 "3 bytes, from 4 behind its end on, were written: 78 c9 79" end make
    program=overflow_of_nothing
    overflow free 0 "1 byte, from 0 behind its end on, was written: 01" end make
    program=overflow_of_medium
    overflow free 20000 "1 byte, from 0 behind its end on, was written: 01" end make
    program=overflow_of_large
    overflow free 1048576 "1 byte, from 0 behind its end on, was written: 01" end make
    program=overflow_after_realloc
    overflow free 3000 "1 byte, from 0 behind its end on, was written: 01" end make
    expect "$level: overflow_of_aligned" reports "" overflow_of_aligned \
        "gcalloc: free(ADDRESS): written beyond the end of the object" \
        "  the object has 4096 bytes; 1 byte, from 0 behind its end on, was written: 01" \
        "  called by" "    #0 end" "    #1 overflow_of_aligned" "    #2 main" \
        "  allocated by" "    #0 overflow_of_aligned" "    #1 main"
    expect "$level: overflow_never_freed" reports "" overflow_never_freed \
        "gcalloc: ADDRESS: written beyond the end of the object, found when the program ended" \
        "  the object has 24 bytes; 6 bytes, from 0 behind its end on, were written: 07 07 07 07 07 07" \
        "  allocated by" "    #0 make" "    #1 overflow_never_freed" "    #2 main"
    expect "$level: overflow_seen_by_collection" reports "" overflow_seen_by_collection \
        "gcalloc: ADDRESS: written beyond the end of the object, found by a collection" \
        "  the object has 24 bytes; 1 byte, from 0 behind its end on, was written: 07" \
        "  allocated by" "    #0 make" "    #1 overflow_seen_by_collection" "    #2 main"
    program=write_after_free_seen_later
    after 48 "1 byte, from 47 on, was written: 05" "when its memory was to be used again" end
    program=write_after_free_collected
    after 4096 "3 bytes, from 0 on, were written: 01 de 02" "by a collection" end
    program=write_after_realloc
    after 48 "1 byte, from 0 on, was written: 06" "when the program ended" resize
    expect "$level: free_twice" reports "" free_twice \
        "gcalloc: free(ADDRESS): double free" "  the object of up to 3072 bytes there was freed before" \
        "  called by" "    #0 end" "    #1 free_twice" "    #2 main" \
        "  allocated by" "    #0 make" "    #1 free_twice" "    #2 main" \
        "  freed first by" "    #0 end" "    #1 free_twice" "    #2 main" "  nothing was done"
    expect "$level: pointer_in_object" reports --dangling pointer_in_object \
        "gcalloc: ADDRESS: something points to it, which was freed, found by a collection" \
        "  the pointer is 16 bytes into the object of 64 bytes at ADDRESS" \
        "  allocated by" "    #0 make" "    #1 pointer_in_object" "    #2 main" \
        "  freed by" "    #0 end" "    #1 pointer_in_object" "    #2 main" \
        "  what points to it was allocated by" "    #0 pointer_in_object" "    #1 main"
    expect "$level: pointer_in_data" reports --dangling pointer_in_data \
        "gcalloc: ADDRESS: something points to it, which was freed, found by a collection" \
        "  the pointer is at ADDRESS, object+0 in faults$level" \
        "  allocated by" "    #0 make" "    #1 pointer_in_data" "    #2 main" \
        "  freed by" "    #0 end" "    #1 pointer_in_data" "    #2 main"
    expect "$level: --quarantine=yes says nothing of it" reports --quarantine=yes pointer_in_data
    expect "$level: used_again" reports "--quarantine=yes --poison=no" used_again
    ending=139
    program=write_behind
    uses "beyond the end of the object" "0 bytes behind the object of 32 bytes" put
    program=read_behind
    uses "beyond the end of the object" "5 bytes behind the object of 4096 bytes" get
    program=read_before
    uses "before the start of the object" "8192 bytes before the object of 48 bytes" get
    expect "$level: read_large_after_free" reports "" read_large_after_free \
        "gcalloc: ADDRESS: used after it was freed" \
        "  it was used at ADDRESS, 500000 bytes into the object of up to 1003520 bytes" \
        "  used by" "    #0 get" "    #1 read_large_after_free" "    #2 main" \
        "  allocated by" "    #0 make" "    #1 read_large_after_free" "    #2 main" \
        "  freed by" "    #0 end" "    #1 read_large_after_free" "    #2 main"
    expect "$level: other faults" reports --fence=1 no_address
    expect "$level: signals that are sent" reports --fence=1 sent_signal
    ending=7
    expect "$level: read_behind_and_go_on" reports --fence=1 read_behind_and_go_on \
        "gcalloc: ADDRESS: used beyond the end of the object" \
        "  it was used at ADDRESS, 5 bytes behind the object of 4096 bytes" \
        "  used by" "    #0 get" "    #1 read_behind" "    #2 read_behind_and_go_on" "    #3 main" \
        "  allocated by" "    #0 make" "    #1 read_behind" "    #2 read_behind_and_go_on" "    #3 main"
    expect "$level: into_a_fenced_one" reports --fence=1 into_a_fenced_one \
        "gcalloc: free(ADDRESS): not the start of an object" "  it is 2 bytes into the object of 30 bytes at ADDRESS" \
        "  called by" "    #0 into_a_fenced_one" "    #1 main" \
        "  allocated by" "    #0 make" "    #1 into_a_fenced_one" "    #2 main" "  nothing was done" \
        "gcalloc: free(ADDRESS): double free" "  the object of 30 bytes there was freed before" \
        "  called by" "    #0 end" "    #1 into_a_fenced_one" "    #2 main" \
        "  allocated by" "    #0 make" "    #1 into_a_fenced_one" "    #2 main" \
        "  freed first by" "    #0 end" "    #1 into_a_fenced_one" "    #2 main" "  nothing was done"
    program=overflow_by_one
    expect "$level: $program, fenced" reports --fence=1 "$program" \
        "gcalloc: free(ADDRESS): written beyond the end of the object" \
        "  the object has 13 bytes; 1 byte, from 0 behind its end on, was written: 41" \
        "  called by" "    #0 end" "    #1 $program" "    #2 main" \
        "  allocated by" "    #0 make" "    #1 $program" "    #2 main"
    expect "$level: many_large" reports "" many_large
    expect "$level: nothing wrong, fenced" reports "--fence=2 --quarantine=yes" nothing_wrong
    expect "$level: nothing wrong, in quarantine" reports --dangling nothing_wrong
done

# ---- Families --------------------------------------------------------------------------

if command -v "${CXX:-c++}" >/dev/null; then
    plain_faults=$faults
    level=-O2
    faults=$tmp/families$level
    ${CXX:-c++} -std=c++17 -g $level -fno-builtin -fno-optimize-sibling-calls -w -o "$faults" \
        "$srcdir/tests/guard/families.cc" || exit 1
    mismatch() { # ALLOCATED BY, FREED BY: names of steps; FUNCTION OBJECT-OF FOR-IT
        by=by_$1 to=to_$2
        case $1 in new\[\]) by=by_array ;; aligned\[\]) by=by_aligned ;; esac
        case $2 in delete\[\]) to=to_array ;; esac
        expect "$level: $1 and $2" reports "" "$1 $2" \
            "gcalloc: $3(ADDRESS): the object is of $4" "  the object has 40 bytes; $5 is what frees it" \
            "  called by" "    #0 $to" "    #1 main" "  allocated by" "    #0 $by" "    #1 main"
    }
    mismatch calloc delete "operator delete" "malloc or its like" free
    mismatch new free free "operator new" "operator delete"
    mismatch new realloc realloc "operator new" "operator delete"
    mismatch new "delete[]" "operator delete[]" "operator new" "operator delete"
    mismatch "new[]" free free "operator new[]" "operator delete[]"
    mismatch "new[]" delete "operator delete" "operator new[]" "operator delete[]"
    mismatch "aligned[]" sized "operator delete" "operator new[]" "operator delete[]"
    expect "$level: what is right" reports "" "malloc free calloc realloc new delete new sized nothrow delete \
new[] delete[] aligned[] aligned right"
    expect "--mismatch=no" reports --mismatch=no "new free"
    faults=$plain_faults

    # Names are as the program has them, those of variables, too.
    cat >names.cc <<'END'
#include <cstdlib>
#include <cstring>
namespace outer {
struct maker { static char *make(int n); };
__attribute__((noinline)) char *maker::make(int n) { return static_cast<char *>(malloc(n)); }
template <class T> __attribute__((noinline)) void end(T *p) { p[13] = 1; free(p); }
char *variable;
}
int main()
{
    outer::variable = outer::maker::make(13);
    outer::end(outer::variable);
    for (int i = 0; i < 200000; i++)
        free(outer::maker::make(50));
}
END
    ${CXX:-c++} -g -O1 -fno-builtin -w -o names names.cc || exit 1
    "$tool" guard --fence=0 --dangling -o report ./names
    expect "names of C++" has report '#0  outer::maker::make(int) ' '#0  void outer::end<char>(char\*) ' \
        'the pointer is at 0x[0-9a-f]*, outer::variable+0 in '
fi

# ---- At a limit of memory ----------------------------------------------------------------

${CC:-cc} -O1 -w -pthread -o limit "$srcdir/tests/guard/limit.c" || exit 1
for flags in "run" "run --quarantine" "guard --quarantine=yes --fence=0" "guard --fence=0"; do
    # shellcheck disable=SC2086 # these are words
    expect "at a limit: $flags" sh -c '[ "$("$@")" = "0 failed" ] || { "$@"; exit 1; }' sh \
        "$tool" $flags --heap-limit=8M ./limit 4 160000
done

expect "again and again" sh -c '"$0" guard --fence=0 "$1" overflow_again_and_again 2>err >out; cat err
    [ "$(grep -c "written beyond" err)" = 3 ] &&
    grep -q "^gcalloc: 97 more faults of the same kinds, in objects from the same places, were left out$" err' \
    "$tool" "$faults"
expect "the quarantine alone: used_again" sh -c '"$0" run --quarantine "$1" used_again >out
    [ "$?" = 7 ] && [ "$(cat out)" = done ]' "$tool" "$faults"
expect "the quarantine alone: what the log says of looks" sh -c 'GCALLOC_OPTIONS=log=1 "$0" run --quarantine "$1" used_again 2>err >out
    grep -q "gc .* (look, quarantine) pause .* freed 0 KiB" err && ! grep "look" err | grep -v "(look, quarantine) pause .* freed 0 KiB,"' "$tool" "$faults"
expect "the quarantine alone: free_twice" sh -c '"$0" run --quarantine "$1" free_twice 2>err >out
    [ "$?" = 7 ] && [ "$(grep -c "^gcalloc: free(.*): no living object$" err)" = 1 ]' "$tool" "$faults"

busy() { # FLAGS WHO-CALLED...: an object of a place where many were allocated
    flags=$1 program=overflow_of_busy
    shift
    reports "$flags" "$program" "gcalloc: free(ADDRESS): written beyond the end of the object" \
        "  the object has 20 bytes; 1 byte, from 0 behind its end on, was written: 01" \
        "  called by" "    #0 end" "    #1 $program" "    #2 main" "  allocated by" "    #0 make" "$@"
}
expect "a brief stack" busy "" "    #1 make_busily" \
    "    ... called from where was not recorded; option stacks=all does"
expect "--stacks=all" busy --stacks=all "    #1 make_busily" "    #2 overflow_of_busy" "    #3 main"
expect "--canary=no" reports "--canary=no" overflow_by_one
expect "--poison=no" reports "--poison=no" write_after_free
expect "--error-exitcode" sh -c '"$0" guard --fence=0 -e 3 "$1" overflow_never_freed 2>err >out; [ $? = 3 ]' "$tool" "$faults"
expect "--error-exitcode with nothing wrong" \
    sh -c '"$0" guard -e 3 "$1" nothing_wrong 2>err >out; [ $? = 7 ]' "$tool" "$faults"
expect "--on-bad-free=abort" \
    sh -c '"$0" guard --fence=0 -b abort "$1" overflow_by_one 2>err >out; [ $? = 134 ]' "$tool" "$faults"

# ---- Programs of others --------------------------------------------------------------

clean() { # COMMAND...
    command -v "$1" >/dev/null || { echo "guard: $1 is not installed"; return 0; }
    "$@" >plain.out 2>plain.err
    plain=$?
    "$tool" run --quarantine "$@" >held.out 2>held.err
    held=$?
    expect "$1, in quarantine: the status" [ "$held" = "$plain" ]
    expect "$1, in quarantine: the output" cmp plain.out held.out
    expect "$1, in quarantine: the errors" diff plain.err held.err
    "$tool" guard -o report "$@" >got.out 2>got.err
    got=$?
    expect "$1: the status" [ "$got" = "$plain" ]
    expect "$1: the output" cmp plain.out got.out
    expect "$1: the errors" diff plain.err got.err
    expect "$1: nothing is reported" sh -c '[ ! -s report ] || { cat report; exit 1; }'
}
clean lua5.4 -e 't = {} for i = 1, 20000 do t[i] = tostring(i) .. ("x"):rep(i % 50) end
    table.sort(t) print(#table.concat(t, ","), t[77])'
clean sqlite3 :memory: 'create table t(a integer primary key, b text);' \
    'with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
    insert into t select i, hex(i * 7919) from n;' 'create index i on t(b);' \
    'select count(*), max(b) from t where b > 5;' 'delete from t where a % 3 = 0;' 'select sum(a) from t;'
clean /usr/bin/python3 -c 'import json, re
words = {str(i): [i, str(i) * 3, {"k": i % 7}] for i in range(3000)}
text = json.dumps(words, sort_keys=True)
print(len(text), len(re.findall("[0-9]+", text)), sum(w[0] for w in json.loads(text).values()))'
clean git --no-pager diff --no-index --stat "$srcdir/tests/guard/faults.c" "$srcdir/tests/guard/run.sh"
clean perl -e 'my %h; push @{$h{$_ % 71}}, "w$_" x ($_ % 9) for 1 .. 20000;
    print join(",", map { length join "", @{$h{$_}} } sort keys %h), "\n"'
clean bash -c 'for i in 1 2 3; do x=$(echo "$i" | sed s/1/one/); a[$i]=$x; done; echo "${a[@]}"; exit 4'
finish
