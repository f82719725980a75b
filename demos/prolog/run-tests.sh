#!/bin/sh
# Runs the tests: sh run-tests.sh GCPROLOG_BINARY
#
# tests/*.pl are cases that say themselves what is right, by tests/harness.pl; of each program in
# examples/ the output is to be that in NAME.out.

if [ $# -ne 1 ]; then
    echo "usage: $0 GCPROLOG_BINARY" >&2
    exit 2
fi
case $1 in
/*) prolog=$1 ;;
*) prolog=$PWD/$1 ;;
esac
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
source=$(cd "$(dirname "$0")" && pwd) || exit 2
cd "$scratch" || exit 2
failed=0

for cases in "$source"/tests/[0-9]*.pl; do
    "$prolog" "$source/tests/harness.pl" "$cases" -g run_cases </dev/null || failed=1
done

for program in "$source"/examples/*.pl; do
    name=${program%.pl}
    "$prolog" "$program" -g main >"$scratch/out" 2>&1 </dev/null
    status=$?
    if [ $status -ne 0 ] || ! diff -u "$name.out" "$scratch/out"; then
        echo "FAILED: $program (status $status)"
        failed=1
    fi
done
exit $failed
