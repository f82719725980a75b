#!/bin/sh
# The suites once more, on the heap from the program break.
set -eu
export GCALLOC_OPTIONS=os=sbrk UNIT_OS=sbrk
for program in tests/unit/unit tests/api/api tests/roots/roots-gcc-O2; do
    [ ! -x $program ] || ./$program
done
./tests/api/shadow 500000
GCALLOC_OPTIONS=os=sbrk:verify=1:stress=50 ./tests/api/shadow 100000
echo "sbrk: all passed"
