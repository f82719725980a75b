#!/bin/sh
# The storm on both sources of memory, against the naive marker, with many threads, and where the
# stack of each allocation is recorded.
set -eu
./tests/threads/storm 16 2
GCALLOC_OPTIONS=os=sbrk ./tests/threads/storm 16 2
GCALLOC_OPTIONS=verify=1 ./tests/threads/storm 8 2
GCALLOC_OPTIONS=stress=50 ./tests/threads/storm 4 2
./tests/threads/storm 64 3
# ThreadSanitizer has reports of its own, and no walks to record.
[ -n "${TSAN_OPTIONS-}" ] ||
    GCALLOC_OPTIONS=leaks=1:report=/dev/null ./tests/threads/storm 16 2
echo "storm: all passed"
