#!/bin/sh
# The form of the report: text, JSON, stacks, suppressions, files and exit status.
srcdir=${srcdir:-.}
form=${leaks_form:?names the programs}
form=$PWD/${form%% *}
case $leaks_form in *' '*) static=$PWD/${leaks_form#* } ;; *) static= ;; esac
. "$srcdir/tests/expect.sh" && begin form || exit 1

# OPTIONS SCENARIO: what it says is in $tmp/out, its exit status in $status.
run() {
    GCALLOC_OPTIONS=$1 "${3:-$form}" "$2" >"$tmp/out" 2>&1
    status=$?
    cat "$tmp/out" >>"$tmp/everything"
}
says() { grep -qF -- "$1" "$tmp/out" || { cat "$tmp/out"; false; }; }
is_silent_on() { ! says "$1" >/dev/null || { cat "$tmp/out"; false; }; }
counts() { [ "$(grep -c -- "$2" "$tmp/out")" = "$1" ] || { cat "$tmp/out"; false; }; }
exits() { [ "$status" = "$1" ] || { echo "exit status $status"; false; }; }

# ---- Text ------------------------------------------------------------------------

normal() {
    sed -e 's/process [0-9]*/process PROCESS/' -e 's/0x[0-9a-f]*/ADDRESS/g' "$1"
}
run leaks=1 all_sorts
normal "$tmp/out" >"$tmp/normal"
expect "the text is as in form.text" diff "$srcdir/tests/leaks/form.text" "$tmp/normal"

run leaks=1 places
sed -n 's/^Leak of \([0-9]*\) .*/\1/p' "$tmp/out" >"$tmp/order"
sort -rn "$tmp/order" >"$tmp/sorted"
expect "the largest come first" diff "$tmp/sorted" "$tmp/order"
expect "a group for each place" counts 5 '^Leak of'

run leaks=1:groups=2 places
expect "the two largest" counts 2 '^Leak of'
expect "the largest of them" says "Leak of 150 bytes in 1 object"
expect "what is not listed" says "Not listed (option groups): 3 groups, 3 objects, 360 bytes"
expect "the summary has it" says "definite            5 objects          650 bytes"
run leaks=1:groups=4 places
expect "one is not listed" says "Not listed (option groups): 1 group, 1 object, 110 bytes"
for groups in 0 5 100; do
    run leaks=1:groups=$groups places
    expect "groups=$groups lists all" counts 5 '^Leak of'
    expect "groups=$groups says so" is_silent_on "Not listed"
done
run leaks=1:groups=1 family
expect "definite leaks come first" says "Leak of 48 bytes in 1 object"
expect "indirect ones are left out" counts 0 '^Indirect'

run leaks=1 none
expect "no leak, no group" counts 0 'eak of'
expect "but a summary" says "reachable           1 object            20 bytes"

run leaks=1 managed
expect "managed objects that a leak keeps count" says "alone keeps 150 bytes in 2 more"
run leaks=1 shared_child
expect "what two leaks share belongs to neither" is_silent_on "alone keep"
expect "and is indirect" says "indirect            1 object            48 bytes"
run leaks=all managed
expect "all objects" says "definite            1 object            48 bytes"
run leaks=1 late
expect "destructors of the program come first" says "definite            0 objects"
run leaks=0 one
expect "no report unless asked for" test ! -s "$tmp/out"

# ---- Stacks ----------------------------------------------------------------------

run leaks=1 deep
expect "16 frames" counts 16 '^    #'
for depth in 1 4 40 256; do
    run leaks=1:depth=$depth deep
    shown=$depth
    [ $depth -gt 105 ] && shown=105 # up to main, and no further
    expect "depth $depth" counts $shown '^    #'
done
expect "main is last" says "#104 main "
run leaks=1:depth=0 deep
expect "depth 0" says "where it was allocated is not known"
run leaks=1:depth=100000 deep
expect "no more than 256" counts 105 '^    #'
run leaks=1 unloaded
expect "a library that is gone" says "#1  allocate_here                keeper.c:10 (unloaded)"
expect "its caller" says "#2  unloaded                     form.c:"

if command -v strip >/dev/null; then
    strip -s -o "$tmp/stripped" "$form"
    run leaks=1 one "$tmp/stripped"
    expect "without symbols there are module and offset" says \
        "#0  ??                           stripped+0x"
    expect "the numbers are the same" says "Leak of 11 bytes in 1 object"
fi

# Clang writes no table of the units of debugging information.
if command -v objcopy >/dev/null; then
    objcopy --remove-section .debug_aranges "$form" "$tmp/no-table"
    run leaks=1 one "$tmp/no-table"
    expect "units of debugging information without a table" says "form.c:169"
    expect "another unit" says "deeply.c:30"
fi

# A file of debugging information beside the program, in a folder, and one of another build.
if command -v strip >/dev/null && command -v objcopy >/dev/null; then
    mkdir "$tmp/apart" "$tmp/apart/.debug"
    objcopy --only-keep-debug "$form" "$tmp/apart/form.debug"
    (cd "$tmp/apart" && strip -s -o form "$form" && objcopy --add-gnu-debuglink=form.debug form)
    run leaks=1 one "$tmp/apart/form"
    expect "debugging information beside the program" says "form.c:"
    mv "$tmp/apart/form.debug" "$tmp/apart/.debug"
    run leaks=1 one "$tmp/apart/form"
    expect "and in the folder .debug" says "form.c:"
    objcopy --only-keep-debug "$(command -v sh)" "$tmp/apart/form.debug" 2>/dev/null
    run leaks=1 one "$tmp/apart/form"
    expect "another program's is left alone" says "form.c:"
fi

# What dwz moved to a file that several programs have in common, found by its path, which begins
# where the file with the debugging information lies; and by build-id below /usr/lib/debug, where
# this may be put together in a place of its own.
common() { # DIRECTORY PATH-OF-THE-COMMON-FILE
    mkdir -p "$1" && objcopy --only-keep-debug "$form" "$1/form.debug" &&
        cp "$1/form.debug" "$1/other.debug" &&
        dwz -m "$1/common.debug" -M "$2" "$1/form.debug" "$1/other.debug" &&
        strip -s -o "$1/form" "$form" && rm "$1/other.debug"
}
below_usr() { # COMMAND...: as if $tmp/debug was /usr/lib/debug
    unshare -m sh -c 'mount --bind "$0" /usr/lib/debug && exec "$@"' "$tmp/debug" "$@"
}
if command -v dwz >/dev/null && command -v objcopy >/dev/null &&
    common "$tmp/common" part/common.debug; then
    mkdir "$tmp/common/real" "$tmp/common/real/part"
    mv "$tmp/common/common.debug" "$tmp/common/real/part"
    mv "$tmp/common/form.debug" "$tmp/common/real"
    ln -s real/form.debug "$tmp/common/form.debug"
    objcopy --add-gnu-debuglink="$tmp/common/form.debug" "$tmp/common/form"
    run leaks=1 all_sorts "$tmp/common/form"
    expect "names that are in a common file" says "new_card                     form.c:"
    cp "$tmp/common/form.debug" "$tmp/common/real/part/common.debug"
    run leaks=1 all_sorts "$tmp/common/form"
    expect "another file in its place is left alone" is_silent_on new_card

    common "$tmp/byid" "$tmp/byid/none.debug"
    for file in form common; do
        id=$(readelf -n "$tmp/byid/$file.debug" 2>/dev/null | sed -n 's/.*Build ID: //p')
        mkdir -p "$tmp/debug/.build-id/${id%"${id#??}"}"
        mv "$tmp/byid/$file.debug" "$tmp/debug/.build-id/${id%"${id#??}"}/${id#??}.debug"
    done
    if [ -d /usr/lib/debug ] && below_usr true 2>/dev/null; then
        GCALLOC_OPTIONS=leaks=1 below_usr "$tmp/byid/form" all_sorts >"$tmp/out" 2>&1
        expect "both files by their build-ids" says "new_card                     form.c:"
    fi
fi

# What is inlined is found wherever compilers describe it: in another unit than the code is in,
# which -flto brings, and in a namespace, a class or a function.
cat >"$tmp/spaces.cc" <<'END'
#include <gcalloc/gcalloc.h>
extern "C" void deeply(void (*work)(void));
static void *volatile kept;
namespace outer {
static inline __attribute__((always_inline)) void lose_here(unsigned bytes)
{
    kept = gc_alloc_manual(bytes);
    kept = nullptr;
}
struct inner {
    static __attribute__((noinline)) void lose_in_class(unsigned bytes) { lose_here(bytes); }
};
__attribute__((noinline)) void lose_in_space(unsigned bytes) { lose_here(bytes); }
}
static void lose()
{
    outer::inner::lose_in_class(61);
    outer::lose_in_space(62);
}
int main()
{
    deeply(lose);
}
END
cat >"$tmp/nested.c" <<'END'
#include <gcalloc/gcalloc.h>
void deeply(void (*work)(void));
static void *volatile kept;
static inline __attribute__((always_inline)) void lose_here(unsigned bytes)
{
    kept = gc_alloc_manual(bytes);
    kept = 0;
}
static volatile unsigned bytes = 62;
static void lose(void)
{
    for (unsigned i = bytes - 1; i <= bytes; i++) {
        __attribute__((noipa)) void lose_in_function(void) { lose_here(i); }
        lose_in_function();
    }
}
int main(void)
{
    deeply(lose);
}
END
build() { # COMPILER WHAT, OPTIONS... SOURCES...
    compiler=$1
    shift
    $compiler $COMPILE_FLAGS -g -O2 -I"$srcdir/include" -L.libs -Wl,-rpath,"$PWD/.libs" -o "$@" \
        -lgcalloc
}
can_build() { # COMPILER SOURCE OPTIONS...: where the compiler may not know of them
    echo "$2" >"$tmp/try.c"
    compiler=$1
    shift 2
    command -v ${compiler%% *} >/dev/null &&
        $compiler -o "$tmp/try" "$@" "$tmp/try.c" 2>/dev/null && "$tmp/try"
}
finds_inlined() { # COMPILER OPTION SOURCE
    build "$1" "$tmp/inlined" "$2" "$3" "$tmp/deeply.o" || return 1
    echo 'leak:lose_here' >"$tmp/suppressions"
    run leaks=1:suppressions="$tmp/suppressions" all_sorts "$tmp/inlined"
    says "suppressed by leak:lose_here: 2 objects" || return 1
    run leaks=1 all_sorts "$tmp/inlined"
    grep "#0 .*lose_here" "$tmp/out" && says "(inlined)" && ! grep "#0 .*lose_in_" "$tmp/out"
}
${CC:-cc} $COMPILE_FLAGS -fno-lto -c -o "$tmp/deeply.o" "$srcdir/tests/leaks/deeply.c"
for option in -fno-lto -flto; do
    for compiler in "${CXX:-c++}" clang++; do
        can_build "$compiler" 'int main() { return 0; }' $option &&
            expect "inlined in spaces: $compiler $option" \
                finds_inlined "$compiler" $option "$tmp/spaces.cc"
    done
    can_build "${CC:-cc}" 'int main(void) { int f(void) { return 0; } return f(); }' $option &&
        expect "inlined in a nested function: $option" \
            finds_inlined "${CC:-cc}" $option "$tmp/nested.c"
done

# Neither the client of the network is loaded, nor is the environment changed, in which another
# thread may be reading or writing.
mkdir "$tmp/client" "$tmp/looker"
cat >"$tmp/client.c" <<'END'
#include <stdio.h>
int debuginfod_begin = 1;
__attribute__((constructor)) static void say(void) { fputs("the client is loaded\n", stderr); }
END
cat >"$tmp/looker.c" <<'END'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void look(void)
{
    const char *servers = getenv("DEBUGINFOD_URLS");
    void *client = dlopen("libdebuginfod.so.1", RTLD_LAZY);
    fprintf(stderr, "servers %s, client %s\n", servers ? servers : "hidden",
            client && dlsym(client, "debuginfod_begin") ? "there" : "empty");
}
END
shared() { # LIBRARY SOURCE
    ${CC:-cc} -shared -fPIC -Wl,-soname,"$(basename "$1")" -o "$1" "$2" -ldl
}
if shared "$tmp/client/libdebuginfod.so.1" "$tmp/client.c" &&
    shared "$tmp/looker/libdw.so.1" "$tmp/looker.c"; then
    path=$LD_LIBRARY_PATH
    export DEBUGINFOD_URLS=http://127.0.0.1:1/
    export LD_LIBRARY_PATH="$tmp/client${path:+:$path}"
    run leaks=1 twice
    expect "there are names" says "form.c:"
    expect "no client of the network" is_silent_on "the client is loaded"
    LD_LIBRARY_PATH=$tmp/looker:$LD_LIBRARY_PATH
    run leaks=1 one
    expect "libdw gets another one, in the same environment" says \
        "servers http://127.0.0.1:1/, client empty"
    LD_PRELOAD=$tmp/client/libdebuginfod.so.1 run leaks=1 one 2>/dev/null
    expect "a program with that client is not called" is_silent_on "client there"
    unset DEBUGINFOD_URLS
    LD_LIBRARY_PATH=$path
    [ "$path" ] || unset LD_LIBRARY_PATH
else
    expect "libraries are built" false
fi

mkdir "$tmp/no-libdw"
echo "not a library" >"$tmp/no-libdw/libdw.so.1"
LD_LIBRARY_PATH=$tmp/no-libdw${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} run leaks=1 one
expect "without libdw there are module and offset" says \
    "#0  ??                           form+0x"

if [ -n "$static" ]; then
    run leaks=1 one "$static"
    expect "a static program" says "definite            1 object            11 bytes"
    run leaks=1 late "$static"
    expect "and its destructors" says "definite            0 objects"
    run stacks=1 bad_free "$static"
    expect "and its bad frees" says "double free"
fi

# ---- Files and exit status -----------------------------------------------------------

run leaks=1 twice
expect "a check at any time" exits 0
expect "three reports" counts 3 '^gcalloc: leak report of process'
run leaks=1 status
expect "a status of the program's own" exits 3
run leaks=1:exit_code=23 status
expect "exit_code" exits 23
run leaks=1:exit_code=23 none
expect "exit_code without leaks" exits 0

run "leaks=1:report=$tmp/report.%p.txt" one
expect "nothing on stderr" test ! -s "$tmp/out"
expect "a report with the process in its name" \
    sh -c "p=\$(ls $tmp/report.*.txt) && p=\${p%.txt} && grep -q \"process \${p##*.}\$\" \$p.txt"
run "leaks=1:report=$tmp/plain" one
run "leaks=1:report=$tmp/plain" one
expect "reports are appended" test "$(grep -c '^gcalloc: leak' "$tmp/plain")" = 2
run "leaks=1:report=$tmp/none/file" one
expect "a file that cannot be made" says \
    "gcalloc: report: '$tmp/none/file' cannot be opened: No such file or directory;"
expect "the report then goes to stderr" says "Leak of 11 bytes in 1 object"
run "stacks=1:report=$tmp/bad" bad_free
expect "bad frees too: the title stays on stderr" counts 1 ': double free$'
cp "$tmp/bad" "$tmp/out"
expect "and all of it is in the file" says "  freed first by"
run stacks=1 bad_free
expect "the title stands there once" counts 1 ': double free$'

# ---- Suppressions ------------------------------------------------------------------

# PATTERN SCENARIO DEFINITE INDIRECT SUPPRESSED: objects
suppresses() {
    echo "leak:$1" >"$tmp/suppressions"
    run leaks=1:report_format=json:suppressions="$tmp/suppressions" "$2"
    found=$(sed -n 's/.*"totals":{"definite":{"objects":\([0-9]*\),.*"indirect":{"objects":\([0-9]*\),.*"suppressed":{"objects":\([0-9]*\),.*/\1 \2 \3/p' "$tmp/out")
    expect "leak:$1 on $2" test "$found" = "$3 $4 $5"
}
suppresses new_child family 1 0 1
suppresses lose_family family 0 0 2
suppresses lose_family shared_child 1 0 2
suppresses lose_another shared_child 1 0 2
suppresses family shared_child 1 0 2
suppresses '^family$' family 0 0 2
suppresses '^amily' family 1 1 0
suppresses 'lose_fam$' family 1 1 0
suppresses 'lose*ily$' family 0 0 2
suppresses '^l*y' family 0 0 2
suppresses '*' family 0 0 2
suppresses 'f?mily' family 1 1 0
suppresses '[f]amily' family 1 1 0
suppresses form.c family 0 0 2
suppresses 'leaks/form.c$' family 0 0 2
suppresses 'deeply.c' family 0 0 2
suppresses new_card places 5 0 0
suppresses new_card family 0 0 2
suppresses "$form" family 0 0 2
suppresses place3 places 4 0 1
suppresses libc.so family 1 1 0
suppresses lose_family managed 0 0 3

cat >"$tmp/suppressions" <<'END'
# a comment

leak:place3
  leak:place*5
leak:nobody
leak:
race:place1
place2
END
run leaks=1:suppressions="$tmp/suppressions" places
expect "used" says "suppressed by leak:place3: 1 object, 130 bytes"
expect "used, with spaces before" says "suppressed by leak:place*5: 1 object, 150 bytes"
expect "unused" says "unused suppression: leak:nobody"
expect "the total" says "suppressed          2 objects          280 bytes  left out"
expect "the rest is there" counts 3 '^Leak of'
for line in "6: 'leak:'" "7: 'race:place1'" "8: 'place2'"; do
    expect "malformed: $line" says \
        "gcalloc: $tmp/suppressions:$line is neither leak:PATTERN nor a { that begins a block; left out"
done
run leaks=1:exit_code=23:suppressions="$tmp/suppressions" places
expect "some are left" exits 23
echo 'leak:place' >"$tmp/suppressions"
run leaks=1:exit_code=23:suppressions="$tmp/suppressions" places
expect "none are left" exits 0
run leaks=1:suppressions="$tmp/none" one
expect "a file that cannot be read" says \
    "gcalloc: suppressions: '$tmp/none' cannot be read: No such file or directory"
expect "suppresses nothing" says "Leak of 11 bytes in 1 object"

# ---- JSON --------------------------------------------------------------------------

echo 'leak:nobody "quoted\' >"$tmp/suppressions"
run leaks=1:report_format=json:suppressions="$tmp/suppressions" all_sorts
expect "one line" test "$(wc -l <"$tmp/out")" = 1
cat >"$tmp/fields.py" <<'END'
import json, sys
r = json.load(open(sys.argv[1]))
amount = {"objects", "bytes"}
assert set(r) == {"version", "process", "leaks", "not_listed", "totals", "suppressions",
                  "incomplete"}
assert r["not_listed"] == {"groups": 0, "objects": 0, "bytes": 0}
assert r["version"] == 1 and r["process"] > 0 and r["incomplete"] is False
assert set(r["totals"]) == {"definite", "indirect", "possible", "suppressed", "reachable"}
assert all(set(t) == amount for t in r["totals"].values())
for l in r["leaks"]:
    assert set(l) == amount | {"class", "kept_objects", "kept_bytes", "cycles",
                               "example", "stack"}
    assert set(l["example"]) == {"address", "bytes"}
    for f in l["stack"]:
        assert set(f) == {"function", "file", "line", "module", "offset", "inlined",
                          "unloaded"}
        assert f["unloaded"] is False
    assert l["stack"][-1]["function"] == "main"
classes = [l["class"] for l in r["leaks"]]
assert classes == ["definite"] * 2 + ["indirect"] * 2 + ["possible"]
assert [l["bytes"] for l in r["leaks"]] == [3000, 48, 48, 48, 48]
ring = r["leaks"][1]
assert (ring["kept_objects"], ring["kept_bytes"], ring["cycles"]) == (2, 96, 1)
assert [f["function"] for f in ring["stack"][:2]] == ["new_card", "lose_ring"]
assert [f["inlined"] for f in ring["stack"][:2]] == [True, False]
assert r["suppressions"] == [{"pattern": 'nobody "quoted\\', "objects": 0, "bytes": 0}]
for c in ("definite", "indirect", "possible"):
    for unit in amount:
        assert r["totals"][c][unit] == sum(l[unit] for l in r["leaks"] if l["class"] == c)
END
if command -v python3 >/dev/null; then
    expect "the documented fields" python3 "$tmp/fields.py" "$tmp/out"
elif command -v jq >/dev/null; then
    expect "it parses" jq . "$tmp/out"
else
    expect "it looks right" grep -q '^{"version":1,"process":[0-9]*,"leaks":\[{.*}\],"not_listed":{.*},"totals":{.*},"suppressions":\[{.*}\],"incomplete":false}$' "$tmp/out"
fi

# Names are what they are, and JSON is UTF-8.
odd=$(printf "$tmp/\351t\351-\303\251-\"\377")
mkdir "$odd" && cp "$form" "$odd/prog"
run leaks=1:report_format=json:gen_suppressions=1 one "$odd/prog"
cp "$tmp/out" "$tmp/odd.json"
if command -v python3 >/dev/null; then
    expect "names that are not UTF-8" python3 -c '
import json, sys
r = json.loads(open(sys.argv[1], "rb").read().decode("utf-8"))
assert r["totals"]["definite"]["objects"] == 1' "$tmp/odd.json"
fi

run leaks=1:groups=2:report_format=json all_sorts
expect "what is not listed" says '"not_listed":{"groups":3,"objects":3,"bytes":144},'
expect "two groups are" test "$(grep -o '"class":' "$tmp/out" | wc -l)" = 2

# ---- Width -------------------------------------------------------------------------

long=$(grep -v '^{\|^gcalloc: report:\|^gcalloc: suppressions:\|neither leak:PATTERN\|^  it is' \
    "$tmp/everything" | awk 'length > 80')
expect "no line is longer than 80 columns: $long" test -z "$long"

finish
