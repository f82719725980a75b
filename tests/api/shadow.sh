#!/bin/sh
# The shadow test under other options than the defaults; fewer operations where each costs
# more.
failed=0
run()
{
    GCALLOC_OPTIONS=$1 tests/api/shadow "$2" || { echo "failed: $1" >&2; failed=1; }
}
run stress=7 100000
run verify=1 100000
run verify=1:stress=50 40000
run end_pointers=1 300000
run heap_limit=64M 400000
run heap_limit=24M 200000
run compact=mesh:stress=50 60000
run compact=mesh:verify=1 60000
exit $failed
