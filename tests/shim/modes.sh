#!/bin/sh
# make check-modes: programs of Debian's packages at real work in each mode of the command gcalloc that runs one: they
# say what they say without it, and end as they do without it.  A program that is missing, or fails without it too, is
# named and left out.  At the end stands which modes each has passed.
#
# usage: modes.sh [NAME...]: those programs only
here=$(cd "$(dirname "$0")" && pwd)
srcdir=${srcdir:-$here/../..}
tool=$PWD/tools/gcalloc
# shellcheck source=tests/shim/same.sh
. "$here/same.sh"

wanted=" $* "
limit=300
under="run leaks guard collect profile"
mkdir said memory
: >passed.txt
: >leaks.txt

# What runs a program, in the place of same.sh's.  The command's own messages go to files.
preloaded() { # MODE COMMAND...
    mode=$1
    shift
    timeout -k 5 "$limit" "$tool" "$mode" --log-file="$tmp/said/log.txt" -o "$tmp/said/$mode.%p" "$@"
}

# sum FILE...: objects and bytes that reports call definitely lost
sum() { awk '/^  definite/ { objects += $2; bytes += $4 } END { print objects + 0, bytes + 0 }' "$@" 2>/dev/null; }

# What has leaked, as memcheck sees it: the same objects and bytes?
confirm() { # NAME COMMAND...
    name=$1
    lost=$(sum said/leaks.*)
    shift
    [ "$lost" != "0 0" ] && command -v valgrind >/dev/null || return 0
    timeout -k 5 120 valgrind --leak-check=summary --trace-children=yes --log-file="$tmp/memory/%p" "$@" <table.csv >/dev/null 2>&1 ||
        { rm -f memory/*; return 0; }
    theirs=$(cat memory/* | tr -d , |
        awk '/definitely lost:/ { bytes += $4; objects += $7 } END { print objects + 0, bytes + 0 }')
    rm -f memory/*
    [ "$lost" = "$theirs" ] && same=yes || same=no
    echo "$name $lost $theirs $same" >>leaks.txt
}

# program NAME COMMAND...
program() {
    runs_without "$@" || return 0
    shift
    modes=$under
    for under in $modes; do
        before=$failed
        with_library "$@"
        [ "$failed" != "$before" ] || echo "$name $under" >>passed.txt
    done
    under=$modes
    confirm "$name" "$@"
    rm -f said/*
}

# ---- Texts -----------------------------------------------------------------------------------

awk -F, 'BEGIN { print "[" }
    { printf "%s{\"id\": %d, \"name\": \"%s\"}\n", (NR > 1 ? "," : ""), $1, $2 }
    END { print "]" }' table.csv >table.json
for i in 1 2 3 4 5 6 7 8; do sed "s/word/$i &/" table.csv; done >long.csv
program mawk mawk -F, '{ n[$2] = n[$2] " " $3 } END { for (w in n) k += length(n[w]); print k }'
program gawk gawk -F, '{ n[$2] = n[$2] " " $3 } END { for (w in n) k += length(n[w]); print k }'
program sed sed -e 's/word\(.*\),/\1;/' -e '10,20H' -e '$G'
program sort sort --parallel=2 -S 200k -t, -k2,2 -k3,3n long.csv
program grep grep -E 'word1+[0-9]*,[0-9]{7,8}$' long.csv
program jq jq -c 'group_by(.name) | map({name: .[0].name, n: length}) | sort_by(.n)' table.json
program bash bash -c 'while IFS=, read -r a b c; do text="$text$b "; list+=("$c"); done
    up="${text^^}"; echo "${#list[@]} ${up//WORD/w}"; (echo "a child of $c"); wc -l <table.csv'
program dash dash -c 'i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); set -- "$@" "$i"; done; echo $#; echo "$@" | wc -c'
printf '1,$s/word/w/\ng/77/d\nw edited.csv\nq\n' >job.ed
program ed sh -c 'ed -s table.csv <job.ed && cat edited.csv'
program vim vim -u NONE -i NONE -n -es -c '%s/word/w/g' -c 'sort n' -c 'w! edited.csv' -c 'q' table.csv
program fc-match fc-match -s sans
program groff groff -Tutf8 -man "$srcdir/docs/gcalloc.1"

# ---- Languages ---------------------------------------------------------------------------------

program perl perl "$work/work.pl"
program lua lua5.4 "$work/work.lua"
program python /usr/bin/python3 "$work/work.py"
program ruby ruby "$work/work.rb"
program php php "$work/work.php"
program node node "$work/work.js"
echo 'puts [string length [string repeat [read stdin] 3]]; puts [lsort [split [string repeat "c b a " 500]]]' >job.tcl
program tcl tclsh job.tcl
echo '(display (apply + (map string-length (map number->string (iota 100000)))))' >job.scm
program guile env GUILE_AUTO_COMPILE=0 guile -q job.scm
printf '%s\n' 'go :- numlist(1, 20000, L), foldl([X,S0,S]>>(S is S0+X), L, 0, S), length(A, 500), msort(L, M),' \
    '  nth1(77, M, N), copy_term(A, B), length(B, K), write(S-N-K), nl.' >job.pl
program swipl swipl -q -g go -t halt job.pl
echo '2^4000; quit' >job.bc
program bc bc -q job.bc
cp "$work/Work.java" .
program java java -Xmx200m Work.java

# ---- Compilers and their kin ---------------------------------------------------------------------

program gcc "${CXX:-g++}" -std=c++17 -O1 "$work/work.cc" -o work
program clang clang++ -std=c++17 -O1 "$work/work.cc" -o work
program work ./work
program objdump objdump -d work --no-show-raw-insn
program nm nm -C work
printf 'all: a b\na b:\n\t@echo made $@; expr 6 \\* 7\n' >Makefile
program make make -f Makefile
cat >job.m4 <<'END'
define(`count', `ifelse($1, 0, `', `$1 count(decr($1))')')count(500)
END
program m4 m4 job.m4
program gdb gdb -nx -batch -ex 'print 6 * 7' -ex 'info line main' ./work
cat >job.cmake <<'END'
foreach(i RANGE 3000)
    list(APPEND all "word${i}")
endforeach()
list(SORT all)
list(LENGTH all n)
string(SHA256 sum "${all}")
message("${n} ${sum}")
END
program cmake cmake -P job.cmake

# ---- Databases, compression, pictures ---------------------------------------------------------------

program sqlite3 sqlite3 :memory: ".read $work/work.sql"
program git sh "$work/git.sh"
program xz xz -T2 --block-size=100KiB -c long.csv
program zstd zstd -q -T2 -c long.csv
program gzip gzip -9 -n -c long.csv
program bzip2 bzip2 -9 -c long.csv
program lz4 lz4 -q -9 -c long.csv
program tar tar -cf - table.csv long.csv
program openssl openssl dgst -sha3-256 long.csv
gpg --batch --homedir "$tmp" --print-md sha512 long.csv >/dev/null 2>&1 # makes its files
program gpg gpg --batch --homedir "$tmp" --print-md sha512 long.csv
program convert convert -size 64x64 gradient:red-blue -resize 200x100 -rotate 30 -depth 8 rgb:-
program gnuplot gnuplot -e 'set terminal dumb; set datafile separator ","; plot "table.csv" using 1:3 every 50'
program file file -b work table.csv table.json

# ---- Servers, which are asked on loopback --------------------------------------------------------------

program redis sh "$work/redis.sh"
program server /usr/bin/python3 "$work/server.py"

modes=$(echo "$under" | wc -w)
echo
for mode in $under; do
    echo "$mode: $(grep -c " $mode\$" passed.txt) programs"
done
names=$(sed 's/ .*//' passed.txt | sort | uniq -c | awk -v modes="$modes" '$1 == modes { print $2 }')
echo "in every mode: $(echo "$names" | wc -w):" $names
echo "definite leaks, objects and bytes of reports, and of memcheck:"
cat leaks.txt
[ $((passed + failed)) -gt 0 ] || fail "no program was run"
finish
