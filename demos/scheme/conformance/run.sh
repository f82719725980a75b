#!/bin/sh
# Runs the conformance suite: sh run.sh SCHEME [ARGUMENT...]
#
# SCHEME ARGUMENT... FILE must run the R7RS program FILE and find the library (test) in
# test.sld, which lies beside it and in the current directory. Prints the failures and
# the counts of each section; exits with status 1 if anything failed, or if there were
# fewer cases than the suite has.

least=2466
limit=120

if [ $# -eq 0 ]; then
    echo "usage: $0 SCHEME [ARGUMENT...]" >&2
    exit 2
fi
case $1 in
*/*)
    scheme=$(realpath "$1") || exit 2
    shift
    set -- "$scheme" "$@"
    ;;
esac
cd "$(dirname "$0")" || exit 2
CONFORMANCE_SCRATCH=$(mktemp -d) || exit 2
export CONFORMANCE_SCRATCH
trap 'rm -rf "$CONFORMANCE_SCRATCH"' EXIT
output=$CONFORMANCE_SCRATCH/output
complete=true

for program in $(printf '%s\n' [0-9]*.scm | sort -V); do
    timeout $limit "$@" "$program" </dev/null >"$output.one"
    status=$?
    cat "$output.one" | tee -a "$output"
    sections=$(grep -c '^(section ' "$program")
    if [ "$(grep -c ': [0-9]* passed, [0-9]* failed$' "$output.one")" -ne "$sections" ]; then
        echo "FAILED: $program ended before its last case (status $status)"
        complete=false
    fi
done

awk -v least=$least -v complete=$complete '
/: [0-9]+ passed, [0-9]+ failed$/ { passed += $(NF - 3); failed += $(NF - 1) }
END {
    if (passed + failed < least)
        printf "FAILED: there are %d cases, and should be %d\n", passed + failed, least
    printf "total: %d passed, %d failed\n", passed, failed
    exit failed > 0 || passed + failed < least || complete != "true"
}' "$output"
