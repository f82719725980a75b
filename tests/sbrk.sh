#!/bin/sh
# The suites once more, on the heap from the program break: but for those that do not come to where
# memory is from.
set -eu
export GCALLOC_OPTIONS=os=sbrk UNIT_OS=sbrk
for case in ahead altered arena block bins cache contents cycle depot extent heap holes maps meta os \
    range segments sizeclass state sweep sweep_later table two_heaps verify wide; do
    [ -x tests/unit/unit ] || continue
    said=$(CK_RUN_CASE=$case ./tests/unit/unit 2>&1) || { echo "$said"; exit 1; }
    case $said in *'Checks: 0,'*) echo "sbrk: there is no case $case"; exit 1 ;; esac
done
for suite in aligned allocate collect object process resize roots stats zero; do
    [ ! -x tests/api/api ] || CK_RUN_SUITE=$suite ./tests/api/api
done
./tests/api/shadow 300000
GCALLOC_OPTIONS=os=sbrk:verify=1:stress=50 ./tests/api/shadow 40000
echo "sbrk: all passed"
