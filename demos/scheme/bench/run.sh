#!/bin/sh
# Compares Schemes on the benchmarks: sh run.sh [-n COUNT] [-r RUNS] [-j FILE] [-p FILE] GCSCHEME [BENCHMARK...]
#
# Runs each benchmark in gcscheme, in guile-3.0 from compiled files with its just-in-time compiler and without, and in
# chicken's csi if it has R7RS; what is measured and printed says ../../bench/compare.sh. COUNT takes the place of the
# benchmarks' own repetition counts.
folder=$(cd "$(dirname "$0")" && pwd) || exit 2
. "$folder/../../bench/compare.sh"
compare_options "$@"
shift $((OPTIND - 1))
[ $# -ge 1 ] || compare_usage "[-n COUNT] GCSCHEME [BENCHMARK...]"
own=$(realpath "$1") || exit 2
shift
cd "$folder" || exit 2
[ $# -gt 0 ] || set -- $(ls ./*.scm | sed 's,^\./,,; s/\.scm$//')

systems=gcscheme
if command -v guile-3.0 >/dev/null; then
    systems="$systems guile guile-nojit"
fi
if command -v csi >/dev/null && csi -R r7rs -e '(begin)' >/dev/null 2>&1; then
    systems="$systems csi"
fi

# Leaves the compiled file in the scratch directory.
compile() { # SOURCE
    guile-3.0 --r7rs --no-auto-compile -L . -C "$scratch" -c "
        (use-modules (system base compile))
        (compile-file \"$1\" #:output-file \"$scratch/${1%.*}.go\")" >/dev/null 2>"$scratch/err" || {
        cat "$scratch/err" >&2
        exit 1
    }
}

run_guile() { # BENCHMARK
    guile-3.0 --r7rs --no-auto-compile -L . -C "$scratch" \
        -c "(load-compiled \"$scratch/$1.go\")" $count
}

run() { # SYSTEM BENCHMARK
    case $1 in
    gcscheme) "$own" --gc-stats "$2.scm" $count ;;
    guile) run_guile "$2" ;;
    guile-nojit) GUILE_JIT_THRESHOLD=-1 run_guile "$2" ;;
    csi) csi -q -R r7rs -s "$2.scm" $count ;;
    esac
}

version() { # SYSTEM
    case $1 in
    gcscheme) own_version ;;
    guile*) guile-3.0 --version ;;
    csi) csi -release ;;
    esac
}

is_right() { # SYSTEM BENCHMARK OUTPUT
    [ "$(cat "$3")" = ok ]
}

case $systems in
*guile*)
    for library in *.sld; do compile "$library"; done
    for benchmark; do compile "$benchmark.scm"; done
    ;;
esac
compare "$@"
