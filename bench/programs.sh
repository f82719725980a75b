# Real programs, each with a job that takes a second or so, for bench/record-traces and
# bench/leak-programs.  Read by a shell in an empty folder, with a function
#   job NAME OPERATIONS PROGRAM ARGUMENT...
# whose standard input and output are the program's.  OPERATIONS: how many to record.
# shellcheck shell=sh

# Input of reproducible size: numbers, and lines of words made of them.
awk 'BEGIN {
    srand(1)
    for (i = 0; i < 60000; i++)
        printf "%d,word%d,%.6f,%d\n", i, int(rand() * 5000), rand(), int(rand() * 1e9)
}' >table.csv
awk -F, 'BEGIN { print "[" }
    { printf "%s{\"id\": %d, \"name\": \"%s\", \"tags\": [%s, %d]}\n",
          (NR > 1 ? "," : ""), $1, $2, $3, $4 }
    END { print "]" }' table.csv >table.json
echo 'double sqrt(double); void *memcpy(void *, const void *, unsigned long);' >unit.c
awk 'BEGIN {
    for (i = 0; i < 400; i++)
        printf "int f%d(int n, double *v) { double s = %d; for (int i = 0; i < n; i++) "\
            "{ s += v[i] * i; if (s > %d) s = sqrt(s); } return (int)s + n %% %d; }\n",
            i, i, i * 7, i + 2
}' >>unit.c

head -n 3000 table.csv >short.csv

job cc1 400000 "$(gcc -print-prog-name=cc1)" -quiet -O2 unit.c -o unit.s
job gawk 300000 gawk -F, '{ n[$2] = n[$2] " " $0; all = all $4 ";" }
    END { for (w in n) if (length(n[w]) > longest) longest = length(n[w])
          k = split(all, parts, ";"); print k, asort(parts), longest }' \
    table.csv >/dev/null
job jq 300000 jq -c 'group_by(.name) | map({name: .[0].name, n: length}) | sort_by(.n)' \
    table.json >/dev/null
job perl 300000 perl -F, -lane 'push @{$h{$F[1]}}, $F[3]; $text .= $_ x 4;
    $text = reverse $text if $. % 5000 == 0;
    $piece[$. % 64] = substr($text, 0, ($. * 7919) % length $text) if $. % 100 == 0;
    END { print scalar keys %h; print length join ",", map { "@$_" } values %h }' \
    table.csv >/dev/null
PYTHONMALLOC=malloc job python3 400000 /usr/bin/python3 -S -c '
import random, zlib
random.seed(1)
rows = [line.split(",") for line in open("short.csv")]
kept = []
for i in range(3000):
    data = bytearray(random.randrange(1000, 2000000))
    kept.append(zlib.compress(bytes(data[:random.randrange(len(data))]), 1) + data)
    if len(kept) > 40:
        del kept[random.randrange(len(kept))]
rows.sort(key=lambda r: r[1])
print(sum(map(len, kept)), rows[0])' >/dev/null
cat >job.sql <<'END'
pragma cache_size = -4000;
create table t(id integer, name text, x real, n integer);
.mode csv
.import short.csv t
create index by_name on t(name);
select name, count(*), group_concat(n) from t group by name order by 2 desc limit 20;
update t set name = name || printf('%0200d', id) where id % 3 = 0;
delete from t where id % 2 = 0;
vacuum;
select length(group_concat(hex(zeroblob(id % 5000)))) from t where id % 7 = 0;
END
job sqlite3 300000 sqlite3 :memory: <job.sql >/dev/null
steps=
for n in 11 7 13 5 17 8 10 6 15 9 12 14; do
    steps="$steps ( -clone 0 -resize ${n}0x${n}5 -rotate ${n}0 ) ( -clone -1 -resize 2${n}0x${n}0 )"
    steps="$steps ( -clone -2 -blur 0x$n -crop 6${n}x3${n}+1+1 +repage ) -delete -3"
done
# shellcheck disable=SC2086
job convert 200000 /usr/bin/convert -limit thread 1 -size 900x700 plasma:fractal \
    $steps -layers merge -resize 120% -edge 2 out.png
job xz 100000 xz -6 -T2 --block-size=300KiB -k -c table.json >/dev/null
awk 'BEGIN { for (i = 0; i < 150; i++) print "int table" i "(int n) { static int t[] = {" \
    i "," i * i "," i + 7 "}; return t[n % 3] * n; }" }' >small.c
gcc -g -c small.c && gcc -g -c unit.c && gcc -g -shared -o unit.so unit.o small.o
job gdb 300000 gdb -nx -batch -iex 'set debuginfod enabled off' -ex 'info functions f1' \
    -ex 'info scope table7' -ex 'list f300' unit.so >/dev/null
job clang 400000 clang -cc1 -triple x86_64-linux-gnu -O2 -emit-obj -o unit.o unit.c
cat >job.tcl <<'END'
set text {}
for {set i 0} {$i < 2500} {incr i} {
    append text [string repeat "line $i " [expr {$i % 97}]] "\n"
    if {$i % 10 == 0} { set kept([expr {$i % 170}]) [string toupper [string range $text 0 end-$i]] }
    if {$i % 25 == 0} { set parts($i) [llength [split $text " "]] }
}
puts [string length $text]
END
job tclsh 300000 tclsh job.tcl >/dev/null
git -c init.defaultBranch=main init -q repository
(
    cd repository
    git config user.name recorder
    git config user.email recorder@example.org
    for n in $(seq 40); do
        awk -F, -v n=$n '$4 % n == 0' ../table.csv >table
        head -c $((n * 37123 % 1500000)) ../table.json >"json$((n % 7))"
        cp ../unit.c "unit$((n % 3)).c"
        git add .
        git commit -q -m "$n"
    done
)
job git 300000 git -C repository -c pack.threads=1 -c core.packedGitWindowSize=1m pack-objects --all \
    --stdout --window=30 --no-reuse-delta -q </dev/null >/dev/null
job bash 200000 bash -c 'while IFS=, read -r a b c d; do
        text="$text$b "; list+=("$d")
        [ $((a % 500)) -ne 0 ] || { joined="${list[*]}"; up="${text^^}"; cut="${up//WORD/w}"; }
        [ "$a" -lt 6000 ] || break
    done <table.csv; echo ${#joined} ${#cut}' >/dev/null
