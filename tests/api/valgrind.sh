#!/bin/sh
# The shadow test and the tests of the public functions under valgrind: no access to
# memory that is not the library's, no decision on memory that was never written, but for
# the conservative scan itself.  The suites that measure memory or allocate gigabytes mean
# nothing there and are left out, and so are those tests whose many children each take a second.
command -v valgrind >/dev/null || { echo "valgrind is not installed"; exit 77; }
failed=0
run()
{
    ./libtool --mode=execute valgrind -q --error-exitcode=9 \
        "$@" || { echo "failed: $*" >&2; failed=1; }
}
run tests/api/shadow 20000
# It has nothing to say at the end either, when helpers that mark wait for more.
said=valgrind-$$.log
GCALLOC_OPTIONS=markers=2 ./libtool --mode=execute valgrind -q --log-file="$said" tests/api/shadow 20000 &&
    [ -e "$said" ] && [ ! -s "$said" ] || { echo "failed: valgrind is not silent"; cat "$said"; failed=1; }
rm -f "$said"
[ -x tests/api/api ] || exit $failed
# Each test has a time of its own after which it has hanged; here all is slower by as much.
CK_TIMEOUT_MULTIPLIER=50
export CK_TIMEOUT_MULTIPLIER
for suite in roots option stats process; do
    CK_RUN_SUITE=$suite
    export CK_RUN_SUITE
    run tests/api/api
done
CK_RUN_SUITE=free
for case in pointers_where_no_object_is freed_is_gone_and_reused freed_keeps_nothing_alive; do
    CK_RUN_CASE=$case
    export CK_RUN_CASE
    run tests/api/api
done
CK_RUN_SUITE=threads
CK_RUN_CASE=asleep
run tests/threads/threads
exit $failed
