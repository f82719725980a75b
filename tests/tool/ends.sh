#!/bin/sh
# What is found at the end, however a program ends: the reports, the exit status, and that the program's output is
# complete.
CC=${CC:-cc}
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin ends || exit 1
here=$PWD
unset GCALLOC_MALLOC LD_PRELOAD GCALLOC_OPTIONS
[ -e "$here/.libs/libgcalloc-malloc.so" ] || { echo "ends: there is no shared library: skipped"; exit 77; }
find_tool
GCALLOC_MALLOC=$here/.libs/libgcalloc-malloc.so
export GCALLOC_MALLOC
cd "$tmp" || exit 1

# A library whose destructor writes: those of libraries run after the program's.
cat >last.c <<'END'
#include <stdio.h>
__attribute__((destructor)) static void last(void)
{
    FILE *file = fopen("last", "w");
    if (file)
        fputs("of the library\n", file);
}
END
$CC -shared -fPIC -o liblast.so last.c &&
    $CC -g -O1 -D_GNU_SOURCE -o prog "$srcdir/tests/tool/ends.c" -pthread -Wl,--no-as-needed -L. -llast -Wl,-rpath,"$tmp" ||
    exit 1

# Nobody ever writes there.
mkfifo silent && exec 8<>silent || exit 1

# MODE WAY STATUS [WAITS]: its standard output is in output, what is reported in report; the library's in last.
ends() {
    rm -f last report
    timeout 60 "$tool" $1 --output="$tmp/report" ./prog "$2" ${4:+"$4"} >output <&8
    status=$?
    [ "$status" = "$3" ] || { echo "status $status and not $3"; cat report; return 1; }
}
is_complete() { cat output last && [ "$(cat output last)" = "written last
of the library" ]; }

for way in exit _exit quick_exit; do
    expect "leaks, $way" ends "leaks --error-exitcode=99" $way 99
    expect "leaks, $way: the report" has report 'definite *1 object *1000 bytes'
    expect "guard, $way" ends "guard --fence=0 --error-exitcode=98" $way 98
    expect "guard, $way: each place" has report first_place second_place
    expect "guard, $way: all of them" has report '[0-9]* more faults of the same kinds'
    expect "no other status, $way" ends "guard --fence=0" $way 3
done
expect "a signal" ends "leaks --error-exitcode=99" signal 143
expect "a signal: the report" has report 'definite *1 object *1000 bytes'
expect "a signal, guard" ends "guard --fence=0" signal 143
expect "a signal, guard: each place" has report first_place second_place

expect "all is written" ends "leaks --error-exitcode=99" exit 99
expect "all is written: output" is_complete
expect "beside a thread that reads" ends "leaks --error-exitcode=99" exit 99 waits
expect "beside a thread that reads: output" is_complete

# ---- Several processes, one file ---------------------------------------------------------------------

"$tool" leaks --json --depth=64 --output="$tmp/lines" ./prog children 8
expect "a line for each process" test "$(grep -c '^{"version":1,.*"incomplete":false}$' lines)" = 9
expect "and no other" test "$(wc -l <lines)" = 9

# ---- What threads leave behind -------------------------------------------------------------------

early() { "$tool" run --stats ./prog threads $1 2>&1 | sed -n 's/.* early  *\([0-9]*\).*/\1/p'; }
expect "threads leave nothing in the reserve" test "$(early 10)" = "$(early 3000)"
finish
