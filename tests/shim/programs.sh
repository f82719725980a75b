#!/bin/sh
# Real programs with the heap as their malloc: they do and say what they do without it.  A
# program that leaks is reported.
here=$(cd "$(dirname "$0")" && pwd)
functions=$PWD/tests/shim/functions
exceptions=$PWD/tests/shim/exceptions
operators=$PWD/tests/shim/operators
tell=$PWD/tests/shim/tell
strings=$PWD/tests/shim/strings
# shellcheck source=tests/shim/same.sh
. "$here/same.sh"

expect() { # NAME COMMAND...
    what=$1
    shift
    if "$@" >/dev/null; then pass; else fail "$what"; fi
}

# ---- The functions themselves ------------------------------------------------------

for options in "" leaks=1:report=$tmp/none os=sbrk verify=1:stress=50 profile=$tmp/p:profile_every=1K \
    profile=$tmp/p:profile_every=0; do
    if preloaded "$options" "$functions" >"$tmp/out" 2>&1; then
        pass
    else
        fail "functions with $options"
        cat "$tmp/out" >&2
    fi
done

for options in "" leaks=1:report=$tmp/none os=sbrk; do
    expect "what it tells, with $options" preloaded "$options" "$tell"
    expect "operators with $options" preloaded "$options" "$operators"
done
preloaded "" "$tell" 2>&1 >/dev/null | sed 's/[0-9][0-9]*$/N/; s/  *N/ N/' >"$tmp/out"
printf 'Arena 0:\nsystem bytes     = N\nin use bytes     = N\nmax system bytes = N\n' >"$tmp/wanted"
expect "malloc_stats" cmp "$tmp/wanted" "$tmp/out"

for options in "" os=sbrk; do
    expect "memory of strings that grow, with $options" preloaded "$options" "$strings" 2>/dev/null
done

for options in "" os=sbrk verify=1; do
    expect "exceptions with $options" preloaded "$options" "$exceptions"
done

for options in "" os=sbrk leaks=1:report=$tmp/none stress=50; do
    expect "memory that was protected when it was freed, with $options" \
        preloaded "$options" "$functions" protected
done

preloaded leaks=1 "$functions" lose >"$tmp/out" 2>&1
lost="definite            5 objects         4321 bytes"
expect "the leaks" grep "$lost" "$tmp/out"
for size in 1000 321; do
    expect "$size bytes" grep "^Leak of $size bytes in 1 object" "$tmp/out"
done
expect stacks test "$(grep -c "#[0-9]* *lose  *functions.c:" "$tmp/out")" = 5
preloaded leaks=1:exit_code=9 "$functions" lose >"$tmp/out" 2>&1
expect "exit status of a leak" test $? = 9

preloaded leaks=1 "$functions" threads >"$tmp/out" 2>&1
expect "the C library's memory for threads is no leak" \
    grep "definite            0 objects            0 bytes" "$tmp/out"
expect "nor a possible one" grep "possible            0 objects            0 bytes" "$tmp/out"

# ---- Programs ------------------------------------------------------------------------

awk -F, 'BEGIN { print "[" }
    { printf "%s{\"id\": %d, \"name\": \"%s\"}\n", (NR > 1 ? "," : ""), $1, $2 }
    END { print "]" }' table.csv >table.json

under="none leaks=1:report=$tmp/report"
for awk in gawk mawk; do
    same $awk -F, '{ n[$2] = n[$2] " " $3 } END { for (w in n) k += length(n[w]); print k }'
done
same perl -F, -lane 'push @{$h{$F[1]}}, $F[2];
    END { print "$_ @{$h{$_}}" for sort keys %h }'
same bash -c 'while IFS=, read -r a b c; do text="$text$b "; list+=("$c"); done
    up="${text^^}"; echo "${#list[@]} ${up//WORD/w}"; (echo "a child of $c"); wc -l <table.csv'
same sed -e 's/word\(.*\),/\1;/' -e '10,20H' -e '$G'
same sort -t, -k2,2 -k3,3n
same grep -E '(word1+|word.*7),[0-9]{5}$'
same git --no-pager diff --no-index --stat table.csv table.json
same git hash-object table.csv
same jq -c 'group_by(.name) | map({name: .[0].name, n: length}) | sort_by(.n)' table.json
same sqlite3 :memory: 'create table t(a, b, c);' '.mode csv' '.import table.csv t' \
    'create index i on t(b);' 'select b, count(*), sum(c) from t group by b order by 2, 1;'
same /usr/bin/python3 -S -c 'rows = [l.split(",") for l in open("table.csv")]
rows.sort(key=lambda r: (r[1], int(r[0])))
print({r[1]: r for r in rows})'
echo 'puts [string length [string repeat [read stdin] 3]]; puts [lsort [list c b a]]' >job.tcl
same tclsh job.tcl
same lua5.4 "$work/work.lua"
same sqlite3 :memory: ".read $work/work.sql"
same xz -T1 -9 -c
same tar -cf - table.csv
same bc -q -e '2^4000' -e 'quit'
echo 'int f(int n) { int s = 0; for (int i = 0; i < n; i++) s += i * i; return s; }' >unit.c
same "$(${CC:-cc} -print-prog-name=cc1)" -quiet -O2 unit.c -o -

# ---- Programs of several threads -----------------------------------------------------

under="none stress=20 leaks=1:stacks=1:report=$tmp/report"
for i in 1 2 3 4; do
    sed "s/word/$i &/" table.csv
done >long.csv
same xz -T2 --block-size=100KiB -c long.csv
same sort --parallel=2 -S 200k -t, -k2,2 -k3,3n long.csv
same zstd -q -T2 -c long.csv
same pigz -p2 -n -c long.csv
cat >threads.py <<'END'
import hashlib, json, threading, queue, subprocess
rows, sums = queue.Queue(), {}
def work(n):
    while (row := rows.get()) is not None:
        fields = row.split(",")
        text = json.dumps({"n": fields[0], "names": fields * 20})
        sums[fields[0]] = hashlib.sha256((text * 5).encode()).hexdigest()
        json.loads(text)
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads: t.start()
for i, row in enumerate(open("table.csv")):
    rows.put(row)
    if i % 500 == 0:
        subprocess.run(["true"], check=True)
for t in threads: rows.put(None)
for t in threads: t.join()
print(len(sums), hashlib.sha256("".join(map(str, sorted(sums.items()))).encode()).hexdigest())
END
same /usr/bin/python3 -S threads.py
same /usr/bin/python3 "$work/work.py"
same perl "$work/work.pl"
same gdb -batch -nx -ex 'print 6 * 7' -ex 'info line capture' -ex 'print sizeof(long)' \
    "$(command -v true)"

for one_of in "perl" "gawk mawk" "bash" "git sed"; do
    missing=1
    for program in $one_of; do
        case $found in *" $program "*) missing=0 ;; esac
    done
    [ $missing = 0 ] || fail "none of these is installed: $one_of"
done
finish
