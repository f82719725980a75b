# Read by the run.sh of the demos' benchmarks: measures programs in several systems, one after the other, and prints the
# medians in seconds, how often each system takes the time of our own, the geometric means of these, and of our own the
# collector's share of the run and its longest pause.  The start of each program counts.  With -j all numbers are
# written as JSON, with -p the ratios are drawn by gnuplot as SVG.
#
# The script sets `systems`, our own first, defines run SYSTEM BENCHMARK, is_right SYSTEM BENCHMARK OUTPUT and
# version SYSTEM, and calls compare BENCHMARK...

runs=3
count=
json=
plot=
compare_folder=$(cd "$folder/../../bench" && pwd) || exit 2

compare_usage() { # ARGUMENTS
    echo "usage: $0 [-r RUNS] [-j FILE] [-p FILE] $1" >&2
    exit 2
}

# A file that is about to be written, of which the script may change the folder before.
written_file() {
    : >>"$1" && realpath "$1"
}

# -r RUNS, -j and -p FILE, and -n COUNT for programs that take a count.
compare_options() {
    while getopts j:n:p:r: option; do
        case $option in
        j) json=$(written_file "$OPTARG") || exit 2 ;;
        n) count=$OPTARG ;;
        p) plot=$(written_file "$OPTARG") || exit 2 ;;
        r) runs=$OPTARG ;;
        *) exit 2 ;;
        esac
    done
    [ -z "$plot" ] || command -v gnuplot >/dev/null || {
        echo "$0: -p needs gnuplot, which is not installed" >&2
        exit 2
    }
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

# result NAME [VARIABLE=VALUE]...: what NAME.awk makes of the times.
result() {
    name=$1
    shift
    for variable; do
        shift
        set -- "$@" -v "$variable"
    done
    awk -v systems="$systems" "$@" -f "$compare_folder/medians.awk" -f "$compare_folder/$name.awk" \
        "$scratch/sorted"
}

own_version() {
    sed -n 's/^AC_INIT(\[\(gcalloc\)\], *\[\([^]]*\)\].*/\1 \2/p' "$compare_folder/../../configure.ac"
}

write_json() {
    versions=
    for system in $systems; do versions="$versions$system=$(version "$system" 2>&1 | head -n 1);"; done
    model=$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
    result json "date=$(date -u +%Y-%m-%dT%H:%MZ)" "kernel=$(uname -srm)" "versions=$versions" \
        "machine=${model:-unknown CPU}, $(nproc) CPUs" >"$json"
}

# Colours of Okabe and Ito, as in the plots of the other benches.
draw() {
    own=${systems%% *}
    result plot >"$scratch/plot.data"
    gnuplot -c "$compare_folder/../../bench/plot-peers.gnuplot" "$scratch/plot.data" "$plot" \
        "${systems#"$own" }" "0xD55E00 0x009E73 0xCC79A7" "time of $own" 2>"$scratch/err" || {
        echo "FAILED: $plot" >&2
        cat "$scratch/err" >&2
        return 1
    }
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
    sort -k 1,1 -k 2,2 -k 3n "$scratch/times" >"$scratch/sorted"
    result table
    [ -z "$json" ] || write_json || return
    [ -z "$plot" ] || [ "$systems" = "${systems%% *}" ] || draw || return
    [ ! -e "$scratch/failed" ]
}
