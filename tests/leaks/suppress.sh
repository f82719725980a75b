#!/bin/sh
# Suppressions in memcheck's syntax, and those that --gen-suppressions makes: what each leaves out, and what is said of
# files that are wrong.  Names of C++, in both of their forms.  Where memcheck is installed, each reads what the other
# makes.
srcdir=$(cd "${srcdir:-.}" && pwd)
form=${leaks_form:?names the programs}
form=$PWD/${form%% *}
built=$PWD
. "$srcdir/tests/expect.sh" && begin suppress || exit 1
find_tool
unset GCALLOC_OPTIONS GCALLOC_MALLOC LD_PRELOAD
cd "$tmp" || exit 1

says() { grep -qF -- "$1" out || { cat out; false; }; }
is_silent_on() { ! says "$1" >/dev/null || { cat out; false; }; }
run() { # SCENARIO OPTIONS: of the form program, which is C and calls gc_alloc_manual
    GCALLOC_OPTIONS=leaks=1:suppressions=supp:$2 "$form" "$1" >out 2>&1
}

# The objects that are definite, indirect, possible, and left out.
totals() {
    sed -n 's/.*"totals":{"definite":{"objects":\([0-9]*\),.*"indirect":{"objects":\([0-9]*\),.*"possible":{"objects":\([0-9]*\),.*"suppressed":{"objects":\([0-9]*\),.*/\1 \2 \3 \4/p' out
}
leaves() { # TOTALS
    found=$(totals)
    [ "$found" = "$1" ] || { echo "$found, not $1"; cat supp out; false; }
}
block() { # LINE...: a block with these frames
    printf '{\n   a name\n   Memcheck:Leak\n'
    printf '   %s\n' "$@"
    printf '}\n'
}
suppresses() { # TOTALS SCENARIO LINE...
    wanted=$1 scenario=$2
    shift 2
    block "$@" >supp
    run "$scenario" report_format=json
    expect "$* on $scenario" leaves "$wanted"
}

# ---- memcheck's syntax ----

# places: place1 to place5 lose an object each, called by places, the last of which is left out by its tail call.  Each block is tried on one of them, as the first that
# matches counts, and is used for so many.
uses() { # OBJECTS FRAMES...: how many, and what stands in the lines of a block, with commas between
    : >supp
    wanted=
    while [ $# -gt 0 ]; do
        # shellcheck disable=SC2046 # no frame has a space
        (set -f; block $(echo "$2" | tr , ' ')) >>supp
        wanted="$wanted $1"
        shift 2
    done
    run places report_format=json
    found=$(grep -o '"name":"a name","line":[0-9]*,"objects":[0-9]*' out | sed 's/.*:/ /' | tr -d '\n')
    [ "$found" = "$wanted" ] || { echo "used:$found, not$wanted"; cat supp out; false; }
}
line=$(sed -n '/^PLACE(3)/=' "$srcdir/tests/leaks/form.c")
expect "names" uses 1 fun:place1 0 fun:plac 0 fun:lace2 1 fun:place3,fun:places 0 fun:place4,fun:main
expect "wildcards" uses 1 'fun:*1' 1 'fun:p?ac?2' 0 'fun:place3?' 0 'fun:plac\*3' 1 'fun:\p*3' 1 'fun:*4,obj:*form' 0 'fun:*5,obj:form'
expect "dots" uses 1 ...,fun:place1 1 fun:place2,... 1 fun:place3,...,fun:main 0 fun:place4,...,fun:place5 \
    1 ...,fun:place4,...,...,fun:deeply 0 ...,fun:main,fun:place5 1 ...,fun:place5,...
expect "sources" uses 0 src:deeply.c,... 4 src:form.c,fun:places,...
expect "lines" uses 0 src:form.c:1 1 "src:form.c:$line" 1 "fun:place4,src:*/form.c,fun:run_*" 0 src:form.c:,fun:place5
# The function that allocates is memcheck's innermost.
expect "allocators" uses 1 fun:malloc,fun:place1 1 fun:_Znwm,fun:place2 1 'fun:*alloc,fun:place3' \
    1 'obj:*/vgpreload_memcheck-*.so,fun:place4' 0 fun:strdup,fun:place5 1 'fun:*'
# The classes: what a suppressed object keeps goes with it.
suppresses "0 0 0 2" family match-leak-kinds:definite fun:new_card
suppresses "1 0 0 1" family 'match-leak-kinds: indirect' fun:new_card
suppresses "1 1 0 0" family 'match-leak-kinds: possible' fun:new_card
suppresses "1 1 0 0" family 'match-leak-kinds: reachable' fun:new_card
suppresses "0 0 0 2" family 'match-leak-kinds: all' fun:new_card
suppresses "1 0 0 2" shared_child match-leak-kinds:definite fun:new_card fun:lose_family
suppresses "3 2 0 1" all_sorts 'match-leak-kinds: possible' fun:new_card
suppresses "2 0 1 3" all_sorts 'match-leak-kinds: definite' fun:new_card

cat >supp <<'END'
# memcheck's and LeakSanitizer's in one file
{
   another error's
   Memcheck:Param
   write(buf)
   fun:place*
}
{
   another tool's
   Helgrind:Race
   fun:*
}

{
	the third place
	Memcheck,Other:Leak
	# of memcheck's
	fun:place3
}
leak:place5
  {
  nobody
  Memcheck:Leak
  fun:nobody
  ...
  }
END
run places
expect "used" says "suppressed by {the third place} of line 14: 1 object, 130 bytes"
expect "LeakSanitizer's beside it" says "suppressed by leak:place5: 1 object, 150 bytes"
expect "unused" says "unused suppression: {nobody} of line 21"
expect "the rest is there" says "definite            3 objects"
expect "nothing is wrong" is_silent_on "left out$"
run places report_format=json
expect "in JSON" says '"suppressions":[{"name":"the third place","line":14,"objects":1,"bytes":130},{"pattern":"place5","objects":1,"bytes":150},{"name":"nobody","line":21,"objects":0,"bytes":0}]'

printf '{\n}\n{\nname\nLeak\nfun:*\n}\n{\nname\nMemcheck:Leak\n}\n{\nname\nMemcheck:Leak\nfun\n}\n' >supp
printf '{\nname\nMemcheck:Leak\nmatch-leak-kinds: direct\n}\n{\nname\nMemcheck:Leak\nfun:x\nmatch-leak-kinds: all\n}\nfun:place1\n' >>supp
printf 'leak:%09000d\n{\nlast\nMemcheck:Leak\nfun:place1\n' 0 >>supp
run places
for complaint in "2: '}' stands where the name of the suppression is to be; left out" \
    "5: 'Leak' is not of the form Memcheck:Leak; left out" \
    "11: '}' ends a suppression without frames; left out" \
    "15: 'fun' is no frame: fun:NAME, obj:FILE, src:FILE:LINE or ...; left out" \
    "20: 'direct' is no kind of leak: definite, indirect, possible, reachable, all; left out" \
    "26: 'match-leak-kinds: all' is no frame: fun:NAME, obj:FILE, src:FILE:LINE or ...; left out" \
    "28: 'fun:place1' is neither leak:PATTERN nor a { that begins a block; left out" \
    "' goes on for more than 8190 bytes; left out" \
    "30: the block that begins here has no }; left out"; do
    expect "$complaint" says "$complaint"
done
expect "and nothing is suppressed" says "definite            5 objects"

# ---- Made by gcalloc ----

blocks() { sed -n '/^{$/,/^}$/p' "$1"; }
nth_block() { awk -v n="$1" '/^\{$/ { k++ } k == n' "$2"; } # NUMBER FILE

# The headings of the groups in a report.
groups() { sed -n '/^\(Leak\|Indirect leak\|Possible leak\) of /{s/,$//;p;}' "$1" | sort; }
# All of the blocks, given back, leave nothing; and each by itself as many as `alone` says.
back() { # COMMAND...: reports on stderr
    : >supp
    GCALLOC_OPTIONS=$options:gen_suppressions=1 "$@" >/dev/null 2>report
    blocks report >all
    count=$(grep -c '^{$' all)
    [ "$count" = "$(groups report | wc -l)" ] && [ "$count" -gt 0 ] || { cat report; return 1; }
    cp all supp
    GCALLOC_OPTIONS=$options "$@" >/dev/null 2>out
    groups out >rest
    [ ! -s rest ] && ! grep -q unused out || { cat all out; return 1; }
    for i in $(seq "$count"); do
        nth_block "$i" all >supp
        GCALLOC_OPTIONS=$options "$@" >/dev/null 2>out
        groups report >before
        groups out >after
        gone=$(diff before after | grep -c '^<')
        used=$(grep -c '^  suppressed by {leak in ' out)
        [ "$used" = 1 ] && [ "$gone" = "$(alone "$i")" ] || { echo "$gone went with:"; cat supp out; return 1; }
    done
}
options=leaks=1:suppressions=supp
alone() { echo 1; }
expect "given back: places" back "$form" places
alone() { nth_block "$1" all | grep -A 1 fun:new_card | grep -q lose_ring && echo 3 || echo 1; } # each of a ring keeps all of it
expect "given back: all sorts" back "$form" all_sorts
: >supp
run all_sorts gen_suppressions=1:report_format=json
expect "in JSON, too" says '"suppression":"{\u000a   leak in new_card\u000a   Memcheck:Leak\u000a   match-leak-kinds: definite\u000a   fun:*\u000a   fun:new_card\u000a   fun:lose_ring\u000a'

# ---- C++ ----

if [ -e "$built/.libs/libgcalloc-malloc.so" ] &&
    ${CXX:-c++} -g -O1 -fno-optimize-sibling-calls -fno-builtin -w -o names "$srcdir/tests/leaks/suppress.cc"; then
    "$tool" leaks --gen-suppressions ./names 2>out
    for line in "#0  void outer::lose_new<int>()" "#0  outer::maker::lose_array(unsigned int)" \
        "#0  outer::maker::operator*=(unsigned long)" "#0  outer::make_tail()" "#1  lose()" "#3  main " \
        "   leak in outer::maker::operator*=(unsigned long)" "   fun:_ZN5outer5makermLEm"; do
        expect "$line" says "$line"
    done
    cxx() { # TOTALS PATTERN
        printf '%s\n' "$2" >supp
        "$tool" leaks --json --suppressions=supp ./names 2>out
        leaves "$1"
    }
    expect "all of them" cxx "4 1 1 0" leak:nothing
    expect "as programs have it" cxx "3 1 1 1" 'leak:maker::lose_array(unsigned int)'
    expect "as the linker has it" cxx "3 1 1 1" 'leak:^_ZN5outer5maker10lose_arrayEj$'
    expect "part of it" cxx "2 1 1 2" leak:outer::maker::
    expect "memcheck's: the linker's" cxx "3 1 1 1" "$(block fun:_Znam fun:_ZN5outer5maker10lose_arrayEj)"
    expect "memcheck's: the program's" cxx "3 1 1 1" "$(block fun:_Znam 'fun:outer::maker::lose_array*')"
    options=leaks=1:suppressions=supp
    alone() { nth_block "$1" all | grep -q 'leak-kinds: definite' && nth_block "$1" all | grep -q lose_list && echo 2 || echo 1; }
    expect "given back: C++" back "$tool" leaks ./names

    if command -v valgrind >/dev/null && valgrind -q ./names >/dev/null 2>&1; then
        : >supp
        "$tool" leaks --gen-suppressions ./names 2>report
        blocks report >ours
        expect "memcheck takes ours" valgrind -q --leak-check=full --show-leak-kinds=definite,indirect,possible \
            --errors-for-leak-kinds=definite,indirect,possible --suppressions=ours --error-exitcode=9 ./names
        valgrind -q --leak-check=full --show-leak-kinds=definite,indirect,possible --gen-suppressions=all \
            --log-file=theirs.log ./names
        blocks theirs.log >supp
        "$tool" leaks --json --suppressions=supp ./names 2>out
        expect "we take memcheck's" leaves "0 0 0 6"
        expect "and use all of them" sh -c '! grep -q "\"line\":[0-9]*,\"objects\":0" out || { cat out; exit 1; }'
    fi
fi

finish
