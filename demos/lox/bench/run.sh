#!/bin/sh
# Compares with Lua on the same algorithms: sh run.sh [-r RUNS] [-j FILE] [-p FILE] LOX [BENCHMARK...]; what is measured and printed says
# ../../bench/compare.sh.  Both have to print the same.
folder=$(cd "$(dirname "$0")" && pwd) || exit 2
. "$folder/../../bench/compare.sh"
compare_options "$@"
shift $((OPTIND - 1))
[ $# -ge 1 ] || compare_usage "LOX [BENCHMARK...]"
own=$(realpath "$1") || exit 2
shift
[ $# -gt 0 ] || set -- $(cd "$folder" && ls ./*.lox | sed 's,^\./,,; s/\.lox$//')

systems=lox
command -v lua5.4 >/dev/null && systems="$systems lua5.4"

run() { # SYSTEM BENCHMARK
    case $1 in
    lox) "$own" --gc-stats "$folder/$2.lox" ;;
    lua5.4) lua5.4 "$folder/$2.lua" ;;
    esac
}

version() { # SYSTEM
    case $1 in
    lox) own_version ;;
    lua5.4) lua5.4 -v ;;
    esac
}

is_right() { # SYSTEM BENCHMARK OUTPUT
    [ "$1" != lox ] || cp "$3" "$scratch/$2.own"
    cmp -s "$3" "$scratch/$2.own"
}

compare "$@"
