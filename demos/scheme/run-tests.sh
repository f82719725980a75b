#!/bin/sh
# Runs the test programs: sh run-tests.sh GCSCHEME_BINARY [NAME...]
#
# With names, only tests/NAME.scm of these.
#
# tests/NAME.scm must write just what NAME.out holds and exit with status 0; or, where
# there is a NAME.err, write that on stderr and exit with status 1; how many lines a
# backtrace leaves out does not matter.

if [ $# -lt 1 ]; then
    echo "usage: $0 GCSCHEME_BINARY [NAME...]" >&2
    exit 2
fi
case $1 in
/*) scheme=$1 ;;
*) scheme=$PWD/$1 ;;
esac
shift
source=$(dirname "$0")
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
cd "$source/tests" || exit 2
GCSCHEME_PATH=$(cd ../lib && pwd)
export GCSCHEME_PATH
passed=0
failed=0

# check NAME STATUS: compares what the last run left in the scratch directory
check() {
    expected_status=0
    expected_err=/dev/null
    if [ -f "$1.err" ]; then
        expected_status=1
        expected_err=$1.err
    fi
    if [ "$2" -eq $expected_status ] &&
        diff -u "$1.out" "$scratch/out" && diff -u "$expected_err" "$scratch/err"; then
        passed=$((passed + 1))
    else
        echo "FAILED: $1 (status $2, expected $expected_status)"
        failed=$((failed + 1))
    fi
}

# Endless recursion is to end before memory does; and what nests deeper than a stack is large is to need none.
limited=${GCALLOC_OPTIONS:+$GCALLOC_OPTIONS:}heap_limit=64M
stack=$(ulimit -S -s)
[ $# -gt 0 ] && chosen=true || chosen=false
$chosen || set -- $(printf '%s\n' *.scm | sed 's/\.scm$//')
for name; do
    program=$name.scm
    options=$GCALLOC_OPTIONS
    case $name in
    error-depth | memory) options=$limited ;;
    deep-data) ulimit -S -s 1024 ;;
    esac
    GCALLOC_OPTIONS=$options "$scheme" "$program" one two \
        >"$scratch/out" 2>"$scratch/messages" </dev/null
    status=$?
    ulimit -S -s "$stack"
    sed 's/\.\.\. and [0-9]* more/... and more/' "$scratch/messages" >"$scratch/err"
    check "$name" $status
done

if $chosen; then
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ]
    exit
fi

# The other ways to start it.
"$scheme" -e '(+ 1 2)' -e '(list "a" #\b)' >"$scratch/out" 2>"$scratch/err"
check option-e $?
echo '(display (command-line)) (newline) (car 5)' |
    "$scheme" >"$scratch/out" 2>"$scratch/err"
check standard-input $?
# Each line of syntax-errors.in is a program that has one error.
while IFS= read -r line; do
    echo ";; $line"
    printf '%s\n' "$line" | "$scheme" 2>&1
done <syntax-errors.in >"$scratch/out" 2>"$scratch/err"
check syntax-errors 0
# Libraries in directories that options and the environment name.
GCSCHEME_PATH=/nonexistent:elsewhere "$scheme" -I sample/parts \
    -e '(import (b c) (prefix (d) d:))' -e '(list b-c d:d)' >"$scratch/out" 2>"$scratch/err"
check library-path $?
# With few descriptors: those of dropped ports are given back.
(
    ulimit -n 64
    exec "$scheme" -e '(do ((i 0 (+ i 1))) ((= i 100000) i)
                         (open-input-file "data/text.txt"))'
) >"$scratch/out" 2>"$scratch/err"
check dropped-ports $?
# The read-eval-print loop, where there is script(1) to make a terminal.  Its output goes through a pipe, so that
# lines are read without editing, with or without libedit.
if script --version >/dev/null 2>&1; then
    script -E never -qec "'$scheme' 2>&1 | cat" /dev/null <data/typed.txt | tr -d '\r' >"$scratch/out"
    : >"$scratch/err"
    check repl 0
    # Ctrl-C is typed once the thread is about to wait.  It goes to all programs of the terminal.
    : >"$scratch/typed"
    {
        cat data/waits.txt
        for _ in $(seq 600); do
            grep -q 'waiting' "$scratch/typed" && break
            sleep 0.1
        done
        printf '\003'
        echo '(+ 40 2)'
    } | script -E never -qec "trap : INT; '$scheme' 2>&1 | { trap '' INT; cat; }" /dev/null >"$scratch/typed"
    tr -d '\r' <"$scratch/typed" >"$scratch/out"
    check interrupt 0
else
    echo "not tested, as there is no script(1): repl, interrupt"
fi

# exits STATUS EXPRESSION: the expression must end the program with this status.
exits() {
    "$scheme" -e "$2"
    status=$?
    if [ $status -eq "$1" ]; then
        passed=$((passed + 1))
    else
        echo "FAILED: $2 (status $status, expected $1)"
        failed=$((failed + 1))
    fi
}
exits 0 '(exit)'
exits 0 '(exit #t)'
exits 1 '(exit #f)'
exits 3 '(exit 3)'
exits 1 "(exit 'strange)"
exits 4 '(emergency-exit 4)'
exits 5 '(dynamic-wind (lambda () 1) (lambda () (exit 6)) (lambda () (emergency-exit 5)))'
exits 6 '(dynamic-wind (lambda () 1) (lambda () (emergency-exit 6)) (lambda () (exit 5)))'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
