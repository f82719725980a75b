#!/bin/sh
# make check-programs: programs that are large, or that few machines have, at real work with the
# heap as their malloc.  They say what they say without it, and end as they do without it.  A
# program that is missing, or fails without the library too, is named and left out.
#
# usage: all-programs.sh [NAME...]: those programs only
here=$(cd "$(dirname "$0")" && pwd)
srcdir=${srcdir:-$here/../..}
# shellcheck source=tests/shim/same.sh
. "$here/same.sh"

wanted=" $* "
limit=600
short="none leaks=1:report=$tmp/report stress=50 stress=500:verify=1"
long="none stress=50"

# program NAME COMMAND...: as `same`, where its run without the library ends with status 0.
program() {
    runs_without "$@" || return 0
    shift
    echo "$name"
    before=$failed
    with_library "$@"
    [ "$failed" = "$before" ] || tail -n 5 shim.raw.err >&2
}

# ---- Languages -----------------------------------------------------------------------------

under=$short
program perl perl "$work/work.pl"
program lua lua5.4 "$work/work.lua"
program ruby ruby "$work/work.rb"
program php php "$work/work.php"
program node node "$work/work.js"
program node node --jitless "$work/work.js"
program emacs emacs -Q --batch -l "$work/work.el" -f work-main
cp "$work/work.el" again.el
program emacs emacs -Q --batch -f batch-byte-compile again.el
cp "$work/Work.java" .
program java java -Xmx200m Work.java
program java java -Xmx200m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 Work.java
program java java -Xmx200m -XX:+UseZGC Work.java
program python /usr/bin/python3 "$work/work.py"
program python env PYTHONMALLOC=malloc /usr/bin/python3 "$work/work.py"

# ---- Compilers and the debugger -------------------------------------------------------------

program clang clang++ -std=c++17 -O2 "$work/work.cc" -o work
program clang ./work
program gcc g++ -std=c++17 -O2 "$work/work.cc" -o work
program gcc ./work
without_addresses() {
    sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/LWP [0-9]+/LWP/'
}
filter=without_addresses
${CC:-cc} -g -O0 -pthread "$work/backtrace.c" -o backtrace
program gdb gdb -nx -batch -x "$srcdir/tools/gdb/gcalloc.py" -x "$work/work.gdb" ./backtrace
filter=cat

# ---- Databases and git ------------------------------------------------------------------------

program sqlite3 sqlite3 :memory: ".read $work/work.sql"
program sqlite3 sqlite3 base ".read $work/work.sql" "drop table item; drop table found;"
under=$long
program git sh "$work/git.sh"
program redis sh "$work/redis.sh"

# ---- Python's own tests -------------------------------------------------------------------------

# Counts and verdicts: the order, times and some numbers of processes differ.
verdicts() {
    grep -E '^(Ran [0-9]+ tests|== Tests result|Tests result)' | sed 's/ in .*//'
}
filter=verdicts
errors=ours
limit=300
for module in test_dict test_list test_json test_re test_ctypes test_gc test_thread \
    test_threading test_threading_local test_queue test_fork1 test_subprocess test_signal \
    test_threadsignals test_multiprocessing_main_handling test_asyncio.test_tasks \
    test_asyncio.test_subprocess test_selectors test_poll test_io test_ssl test_socket test_mmap \
    test_zlib test_pickle; do
    program "$module" /usr/bin/python3 -m test -v "$module"
done

echo "$left_out left out"
[ $((passed + failed)) -gt 0 ] || fail "no program was run"
finish
