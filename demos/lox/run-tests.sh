#!/bin/sh
# Runs Lox programs that say themselves what is right: sh run-tests.sh LOX_BINARY [FOLDER]
#
# In comments, as in the tests of the book: `// expect: TEXT` is a line of output, `// expect runtime
# error: TEXT` an error in this line, `// Error...` one that the compiler finds in this line and
# `// [line N] Error...` or `// [c line N] Error...` in another; `// [java line N]` is not for us.

if [ $# -lt 1 ]; then
    echo "usage: $0 LOX_BINARY [FOLDER]" >&2
    exit 2
fi
lox=$1
folder=${2:-$(dirname "$0")/tests}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0 cases=0

# Writes what is expected of FILE: out, err (compile errors, or the message and the line of an error at
# run time), status; prints how many expectations there are.
expectations() { # FILE
    : >"$scratch/out"
    : >"$scratch/err"
    awk -v out="$scratch/out" -v err="$scratch/err" -v code="$scratch/status" '
        BEGIN { status = 0 }
        match($0, /\/\/ expect: ?/) { print substr($0, RSTART + RLENGTH) >out; n++; next }
        match($0, /\/\/ expect runtime error: /) {
            print substr($0, RSTART + RLENGTH) >err
            print "[line " NR "]" >err
            status = 70; n++; next
        }
        match($0, /\/\/ \[(c )?line [0-9]+\] Error/) {
            text = substr($0, RSTART + 3)
            sub(/^\[c /, "[", text)
            print text >err
            status = 65; n++; next
        }
        match($0, /\/\/ Error/) {
            print "[line " NR "] " substr($0, RSTART + 3) >err
            status = 65; n++
        }
        END { print status >code; print n + 0 }' "$1"
}

# What is compared of stderr: all of it, or the first line and the line of the innermost call.
shorten() { # STATUS
    if [ "$1" = 70 ]; then
        sed -n '1p; 2s/\].*/]/p'
    else
        cat
    fi
}

for program in $(find "$folder" -name '*.lox' ! -path '*/benchmark/*' | sort); do
    case $program in
    */expressions/* | */scanning/*) continue ;; # for other stages of the book'\''s program
    esac
    cases=$((cases + $(expectations "$program")))
    "$lox" "$program" >"$scratch/got" 2>"$scratch/messages" </dev/null
    status=$?
    shorten $status <"$scratch/messages" >"$scratch/errors"
    if [ $status = "$(cat "$scratch/status")" ] && diff -u "$scratch/out" "$scratch/got" &&
        diff -u "$scratch/err" "$scratch/errors"; then
        passed=$((passed + 1))
    else
        echo "FAILED: $program (status $status, expected $(cat "$scratch/status"))"
        failed=$((failed + 1))
    fi
done
echo "lox: $passed passed, $failed failed ($cases expectations)"
[ $failed = 0 ] && [ $passed -gt 0 ]
