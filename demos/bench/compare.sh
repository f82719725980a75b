# Read by the run.sh of the demos' benchmarks: measures programs in several systems, one after the other, and prints the
# medians in seconds, how often each system takes the time of our own, the geometric means of these, and of our own the
# collector's share of the run and its longest pause.  The start of each program counts.
#
# The script sets `systems`, our own first, defines run SYSTEM BENCHMARK and is_right SYSTEM BENCHMARK OUTPUT, and calls
# compare BENCHMARK...

runs=3
count=
compare_folder=$(cd "$folder/../../bench" && pwd) || exit 2

compare_usage() { # ARGUMENTS
    echo "usage: $0 [-r RUNS] $1" >&2
    exit 2
}

# -r RUNS, and -n COUNT for programs that take a count.
compare_options() {
    while getopts n:r: option; do
        case $option in
        n) count=$OPTARG ;;
        r) runs=$OPTARG ;;
        *) exit 2 ;;
        esac
    done
}

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

# Adds "BENCHMARK SYSTEM MICROSECONDS [SHARE PAUSE]" to the times.
measure() { # SYSTEM BENCHMARK
    start=$(date +%s%N)
    run "$1" "$2" </dev/null >"$scratch/out" 2>"$scratch/err"
    status=$?
    end=$(date +%s%N)
    if [ $status -ne 0 ] || ! is_right "$1" "$2" "$scratch/out"; then
        echo "FAILED: $2 in $1 (status $status)" >&2
        cat "$scratch/out" "$scratch/err" >&2
        : >"$scratch/failed"
        return
    fi
    gc=$(sed -n 's/.* in all, \([0-9.]*\) % of the run; the longest pause \([0-9.]*\) ms.*/\1 \2/p' "$scratch/err")
    echo "$2 $1 $(((end - start) / 1000)) $gc" >>"$scratch/times"
}

compare() { # BENCHMARK...
    : >"$scratch/times"
    round=0
    while [ $round -lt "$runs" ]; do
        for benchmark; do
            for system in $systems; do measure "$system" "$benchmark"; done
        done
        round=$((round + 1))
    done
    sort -k 1,2 -k 3n "$scratch/times" | awk -v systems="$systems" -f "$compare_folder/table.awk"
    [ ! -e "$scratch/failed" ]
}
