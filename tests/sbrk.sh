#!/bin/sh
# The suites once more, on the heap from the program break: but for those that do not come to where
# memory is from.
set -eu
export GCALLOC_OPTIONS=os=sbrk UNIT_OS=sbrk
[ ! -x tests/unit/unit ] || ./tests/unit/unit
for suite in aligned allocate collect object process resize roots stats zero; do
    [ ! -x tests/api/api ] || CK_RUN_SUITE=$suite ./tests/api/api
done
./tests/api/shadow 300000
GCALLOC_OPTIONS=os=sbrk:verify=1:stress=50 ./tests/api/shadow 40000
echo "sbrk: all passed"
