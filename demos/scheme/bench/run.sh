#!/bin/sh
# Compares Schemes on the benchmarks: sh run.sh [-n COUNT] [-r RUNS] GCSCHEME [BENCHMARK...]
#
# Runs each benchmark in gcscheme, in guile-3.0 from compiled files with its just-in-time
# compiler and without, and in chicken's csi if it has R7RS, one after the other, RUNS
# times (3). Prints the medians in seconds, how often each takes gcscheme's time, the
# geometric means of these, and of gcscheme the collector's share of the run and its longest
# pause. COUNT takes the place of the benchmarks' own repetition counts.

usage() {
    echo "usage: $0 [-n COUNT] [-r RUNS] GCSCHEME [BENCHMARK...]" >&2
    exit 2
}

count=
runs=3
while getopts n:r: option; do
    case $option in
    n) count=$OPTARG ;;
    r) runs=$OPTARG ;;
    *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || usage
gcscheme=$(realpath "$1") || exit 2
shift
cd "$(dirname "$0")" || exit 2
[ $# -gt 0 ] || set -- $(ls ./*.scm | sed 's,^\./,,; s/\.scm$//')
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
times=$scratch/times

schemes=gcscheme
if command -v guile-3.0 >/dev/null; then
    schemes="$schemes guile guile-nojit"
fi
if command -v csi >/dev/null && csi -R r7rs -e '(begin)' >/dev/null 2>&1; then
    schemes="$schemes csi"
fi

# compile SOURCE: leaves the compiled file in the scratch directory.
compile() {
    guile-3.0 --r7rs --no-auto-compile -L . -C "$scratch" -c "
        (use-modules (system base compile))
        (compile-file \"$1\" #:output-file \"$scratch/${1%.*}.go\")" >/dev/null 2>"$scratch/err" || {
        cat "$scratch/err" >&2
        exit 1
    }
}

run_guile() {
    guile-3.0 --r7rs --no-auto-compile -L . -C "$scratch" \
        -c "(load-compiled \"$scratch/$1.go\")" $count
}

# run SCHEME BENCHMARK
run() {
    case $1 in
    gcscheme) "$gcscheme" --gc-stats "$2.scm" $count ;;
    guile) run_guile "$2" ;;
    guile-nojit) GUILE_JIT_THRESHOLD=-1 run_guile "$2" ;;
    csi) csi -q -R r7rs -s "$2.scm" $count ;;
    esac
}

# measure SCHEME BENCHMARK: adds "BENCHMARK SCHEME SECONDS [SHARE PAUSE]" to the times.
measure() {
    start=$(date +%s%N)
    run "$1" "$2" </dev/null >"$scratch/out" 2>"$scratch/err"
    status=$?
    end=$(date +%s%N)
    if [ $status -ne 0 ] || [ "$(cat "$scratch/out")" != ok ]; then
        echo "FAILED: $2 in $1 (status $status)" >&2
        cat "$scratch/out" "$scratch/err" >&2
        : >"$scratch/failed"
        return
    fi
    gc=
    if [ "$1" = gcscheme ]; then
        gc=$(sed -n 's/.* in all, \([0-9.]*\) % of the run; the longest pause \([0-9.]*\) ms.*/\1 \2/p' \
            "$scratch/err")
    fi
    echo "$2 $1 $(((end - start) / 1000)) $gc" >>"$times"
}

case $schemes in
*guile*)
    for library in *.sld; do compile "$library"; done
    for benchmark; do compile "$benchmark.scm"; done
    ;;
esac
: >"$times"
round=0
while [ $round -lt "$runs" ]; do
    for benchmark; do
        for scheme in $schemes; do measure "$scheme" "$benchmark"; done
    done
    round=$((round + 1))
done
sort -k 1,2 -k 3n "$times" | awk -v schemes="$schemes" -f table.awk
[ ! -e "$scratch/failed" ]
