#!/bin/sh
# The storm on both sources of memory, against the naive marker, and with many threads.
set -eu
./tests/threads/storm 16 4
GCALLOC_OPTIONS=os=sbrk ./tests/threads/storm 16 3
GCALLOC_OPTIONS=verify=1 ./tests/threads/storm 8 3
GCALLOC_OPTIONS=stress=50 ./tests/threads/storm 4 3
./tests/threads/storm 64 4
echo "storm: all passed"
