#!/bin/sh
# gcalloc collect: a program that never frees keeps what it can reach, wherever its pointers are, and takes a
# part of the memory; real programs do what they do without it, with collections as often as can be.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin collect || exit 1
find_tool
forgets=$PWD/tests/tool/forgets
[ -e "$PWD/.libs/libgcalloc-malloc.so" ] || { echo "collect: there is no malloc to preload"; exit 77; }
unset GCALLOC_OPTIONS GCALLOC_MALLOC LD_PRELOAD
cd "$tmp" || exit 1

# ---- A program that never frees ----

megabytes() { tail -n 1 "$1"; }
plain=$("$tool" run "$forgets" 2>&1) || echo "collect: it fails without: $plain" >&2
for flags in "" "--options=markers=1" "--options=verify=1" "--pause=5" "--options=os=sbrk" "--compact"; do
    # shellcheck disable=SC2086 # a list of words
    forgetful() { "$tool" collect -L messages $flags "$forgets" >out 2>&1; }
    expect "nothing is lost that can be reached: $flags" forgetful
    expect "no message: $flags" [ ! -s messages ]
    cat messages out 2>/dev/null | head -n 5 | grep -v '^[0-9]*$'
    rm -f messages
    expect "a fourth of the memory: $flags" [ $(($(megabytes out) * 4)) -lt "$plain" ]
done
"$tool" collect --options=unaligned=0 "$forgets" >out 2>&1
expect "unaligned=0 loses what a packed structure has, and nothing else" \
    [ "$(grep '^lost' out)" = "lost: a packed structure" ]
logged() { "$tool" collect --log "$forgets" 2>&1 | grep -q '^gcalloc: gc [0-9]* (budget).* freed '; }
expect "--log has the collections" logged
expect "a bad free is still one" sh -c '"$0" collect sh -c "exit 3"; [ $? = 3 ]' "$tool"

# ---- A library that hides its pointers ----

cat >hider.c <<'END'
#include <stddef.h>
#include <stdlib.h>
struct node { ptrdiff_t next; size_t number, filler[4]; };
static ptrdiff_t first; /* from here, as the others from where they are */
void hide(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct node *n = malloc(sizeof *n);
        n->number = ~i;
        n->next = first ? (char *)&first + first - (char *)n : 0;
        first = (char *)n - (char *)&first;
    }
}
size_t count_whole(void)
{
    size_t count = 0;
    struct node *n = (struct node *)((char *)&first + first);
    for (; n->number == ~(size_t)(1999 - count); n = (struct node *)((char *)n + n->next))
        if (count++, n->next == 0)
            break;
    return count;
}
END
cat >seeker.c <<'END'
#include <stdlib.h>
#include <string.h>
void hide(size_t count);
size_t count_whole(void);
int main(void)
{
    hide(2000);
    for (int i = 0; i < 2000000; i++)
        memset(malloc(48), 0xa5, 48);
    return count_whole() != 2000;
}
END
hidden() { # NAME: of the library
    ${CC:-cc} -shared -fPIC -O1 -o "$1" -Wl,-soname,"$1" hider.c && ${CC:-cc} -O0 -o seeker seeker.c "./$1" -Wl,-rpath,"$tmp" || return 2
    "$tool" collect ./seeker
}
if echo '#include <dlfcn.h>' | ${CC:-cc} -D_GNU_SOURCE -E -dM - | grep -q DLFO_STRUCT_HAS_EH_DBASE; then
    expect "what a library hides that is known for it" hidden libswipl.so.1
    hidden libother.so.1
    expect "what another one hides is lost" [ $? = 1 ]
fi

# ---- Real programs ----

for i in 1 2 3 4 5 6 7 8; do
    awk -v s=$i 'BEGIN { srand(s); for (i = 0; i < 500; i++) printf "%d,word%d,%d\n", i, int(rand() * 500), rand() * 1e9 }'
done >table.csv
real() { # COMMAND...
    command -v "$1" >/dev/null || { echo "collect: $1 is not installed"; return 0; }
    "$@" <table.csv >plain.out 2>plain.err
    status=$?
    for options in stress=50 floor=1M:memory=10; do
        "$tool" collect --options=$options "$@" <table.csv >got.out 2>got.err
        got=$?
        expect "$1 with $options: the status" [ "$got" = "$status" ]
        expect "$1 with $options: the output" cmp plain.out got.out
        expect "$1 with $options: the errors" cmp plain.err got.err
    done
}
real perl -F, -lane 'push @{$h{$F[1]}}, $F[2]; END { print "$_ @{$h{$_}}" for sort keys %h }'
real /usr/bin/python3 -c 'import sys, json
rows = [l.split(",") for l in sys.stdin]
table = {}
for r in rows: table.setdefault(r[1], []).append(r)
print(json.dumps(table, sort_keys=True))'
real sqlite3 :memory: 'create table t(a, b, c);' '.mode csv' '.import table.csv t' \
    'create index i on t(b);' 'select b, count(*), sum(c) from t group by b order by 2, 1;'
real git --no-pager diff --no-index --stat table.csv /dev/null
real bash -c 'while IFS=, read -r a b c; do text="$text$b "; list+=("$c"); done; echo "${#list[@]} ${text^^}"'
real sort -t, -k2,2 -k3,3n
real mawk -F, '{ n[$2] = n[$2] " " $3 } END { for (w in n) k += length(n[w]); print k }'
real ruby -e 't = Hash.new { |h, k| h[k] = [] }
$stdin.each_line { |l| a, b, c = l.split(","); t[b] << c.to_i }
open("table.csv") { |f| while l = f.gets do t[l[0, 3]] << l.size end }
puts t.sort.map { |k, v| "#{k} #{v.join(" ")}" }'
real swipl -g 'numlist(1, 20000, L), foldl([X, A, B]>>(B is A + X), L, 0, S), print(S), findall(A,
    (between(1, 5000, I), atom_concat(word, I, A)), As), msort(As, Bs), last(Bs, B), print(B), nl' -t halt
real fc-match -s sans
real lua5.4 -e 'local t = {} for l in io.lines() do t[#t + 1] = l:gsub(",", ";") end print(table.concat(t, "|"))'

finish
