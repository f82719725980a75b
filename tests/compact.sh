#!/bin/sh
# Programs whose heaps are compacted: under forks and threads, and as malloc of one that knows nothing of it.
failed=0
passed=0
ran()
{
    if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "failed: $2" >&2; fi
}
storm()
{
    GCALLOC_OPTIONS=$1 tests/compact/storm "$2"
    ran $? "storm, $1"
}
storm compact=mesh 8
storm compact=mesh:stress=20 5
storm compact=mesh:verify=1:idle=30 5
storm compact=mesh:heap_limit=20M:memory=2 5

# How much memory is held is told by the kernel, as a page that lies at two places counts twice otherwise.
fragments()
{
    GCALLOC_OPTIONS=compact=mesh:idle=40 LD_PRELOAD=$PWD/.libs/libgcalloc-malloc.so \
        tests/compact/fragments "$@"
    ran $? "fragments $*"
}
if [ -r /proc/self/smaps_rollup ] && [ -z "$SANITIZED" ]; then
    fragments 90
    fragments 75 threads
fi
echo "$passed passed, $failed failed"
exit $failed
