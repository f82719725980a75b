#!/bin/sh
# Compares Prologs on the benchmarks: sh run.sh [-r RUNS] [-j FILE] [-p FILE] GCPROLOG [BENCHMARK...]
#
# Runs each benchmark in gcprolog, in swi-prolog and in gprolog's interpreter, as far as these are there; what is measured
# and printed says ../../bench/compare.sh.
folder=$(cd "$(dirname "$0")" && pwd) || exit 2
. "$folder/../../bench/compare.sh"
compare_options "$@"
shift $((OPTIND - 1))
[ $# -ge 1 ] || compare_usage "GCPROLOG [BENCHMARK...]"
own=$(realpath "$1") || exit 2
shift
[ $# -gt 0 ] || set -- $(cd "$folder" && ls ./*.pl | sed 's,^\./,,; s/\.pl$//')

systems=gcprolog
command -v swipl >/dev/null && systems="$systems swipl"
command -v gprolog >/dev/null && systems="$systems gprolog"

run() { # SYSTEM BENCHMARK
    case $1 in
    gcprolog) "$own" --gc-stats "$folder/$2.pl" -g main ;;
    swipl) swipl -q -f none -g main -t halt "$folder/$2.pl" ;;
    gprolog) gprolog --consult-file "$folder/$2.pl" --query-goal main --query-goal halt ;;
    esac
}

version() { # SYSTEM
    case $1 in
    gcprolog) own_version ;;
    *) "$1" --version ;;
    esac
}

is_right() { # SYSTEM BENCHMARK OUTPUT
    grep -qx ok "$3"
}

compare "$@"
