#!/bin/sh
# The probes for tracers: each is in both libraries, with its arguments, and passed as often as what it tells of happens.
srcdir=$(cd "${srcdir:-.}" && pwd)
. "$srcdir/tests/expect.sh" && begin probes || exit 1
here=$PWD
facts=$PWD/tests/tool/facts
unset GCALLOC_OPTIONS GCALLOC_MALLOC LD_PRELOAD
grep -q '^#define HAVE_SYS_SDT_H 1' config.h || { echo "probes: there is no sys/sdt.h: skipped"; exit 77; }
[ -e "$here/.libs/libgcalloc.so" ] || { echo "probes: there is no shared library: skipped"; exit 77; }
cd "$tmp" || exit 1

# notes LIBRARY: name and number of arguments of each probe, once
notes() {
    readelf -n "$1" | awk '/Provider: / { ours = $2 == "gcalloc" } ours && /Name: / { name = $2 }
        ours && /Arguments:/ { print name, NF - 1 }' | sort -u
}
printf '%s\n' 'alloc_slow 2' 'gc_begin 3' 'gc_end 4' 'leak 3' >wanted
all() { notes "$1" | diff wanted -; }
expect "the library has them" all "$here/.libs/libgcalloc.so"
expect "as malloc, too" all "$here/.libs/libgcalloc-malloc.so"

# The program collects twice when it is asked to, and no more; once more at its end it looks for leaks, of which it has none.
debug() {
    timeout 120 gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'set confirm off' -ex 'set startup-with-shell off' \
        -ex 'set breakpoint pending on' -ex 'set environment GCALLOC_OPTIONS=memory=0:idle=0:leaks=1' \
        -x "$srcdir/tools/gdb/gcalloc.py" "$@" "$facts" </dev/null >got 2>&1
}
cat >commands <<'END'
break main
run
break -probe-stap gcalloc:gc_begin
commands
silent
printf "begin %s %s\n", (char *)$_probe_arg0, (char *)$_probe_arg1
continue
end
break -probe-stap gcalloc:gc_end
commands
silent
printf "end %s %s %lu\n", (char *)$_probe_arg0, (char *)$_probe_arg1, $_probe_arg2
continue
end
info probes stap gcalloc
continue
END
counted() {
    debug -x commands
    has got 'gcalloc  *alloc_slow ' && has got 'gcalloc  *leak ' || return 1
    grep -E '^(begin|end) ' got | cut -d' ' -f1-3 >passed
    printf '%s\n' 'begin full request' 'end full request' 'begin full request' 'end full request' 'begin full leaks' \
        'end full leaks' | diff - passed &&
        has got '^end full request 32000$'
}
if command -v gdb >/dev/null && gdb -nx -batch -ex 'python print(6 * 7)' 2>/dev/null | grep -q 42; then
    expect "gdb stops at them" counted
fi

finish
