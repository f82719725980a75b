#!/bin/sh
# Runs Lox programs that say themselves what is right: sh run-tests.sh LOX_BINARY [FOLDER]
#
# In comments, as in the tests of the book, so that these can be run, too: `// expect: TEXT` is a line of
# output, `// expect runtime error: TEXT` an error in this line, `// Error...` one that the compiler finds in
# this line and `// [line N] Error...` or `// [c line N] Error...` in another; `// [java line N]` is not for
# us.  `// expect trace: TEXT` is a line of the calls that led to the error; where there is any, all are
# compared, else the innermost call's line number.
#
# Each expectation is a case, and so is a program without one, which has no output.

if [ $# -lt 1 ]; then
    echo "usage: $0 LOX_BINARY [FOLDER]" >&2
    exit 2
fi
lox=$1
folder=${2:-$(dirname "$0")/tests}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0 programs=0

# Writes what is expected of FILE to `expected`: a line `out: TEXT` or `err: TEXT` for each, and the status last.
# Prints how many cases it has, and whether all of the trace is compared.
expectations() { # FILE
    awk -v expected="$scratch/expected" '
        BEGIN { status = 0 }
        match($0, /\/\/ expect: ?/) { print "out: " substr($0, RSTART + RLENGTH) >expected; cases++; next }
        match($0, /\/\/ expect runtime error: /) {
            error = substr($0, RSTART + RLENGTH); line = "[line " NR "]"; status = 70; next
        }
        match($0, /\/\/ expect trace: /) { trace[++calls] = substr($0, RSTART + RLENGTH); next }
        match($0, /\/\/ \[(c )?line [0-9]+\] Error/) {
            text = substr($0, RSTART + 3)
            sub(/^\[c /, "[", text)
            errors[++count] = text; status = 65; next
        }
        match($0, /\/\/ Error/) {
            errors[++count] = "[line " NR "] " substr($0, RSTART + 3); status = 65
        }
        END {
            for (i = 1; i <= count; i++) print "err: " errors[i] >expected
            if (status == 70) print "err: " error >expected
            if (status == 70 && !calls) print "err: " line >expected
            for (i = 1; i <= calls; i++) print "err: " trace[i] >expected
            print "status: " status >expected
            cases += count + (status == 70) + calls
            print (cases ? cases : 1), (calls > 0)
        }' "$1"
}

# What came of it, in the same form; of a trace that nobody asked for, the number in its first line.
results() { # STATUS WHOLE_TRACE
    awk -v status="$1" -v whole="$2" '
        kind == "err" && status == 70 && !whole {
            if (FNR > 2) next
            if (FNR == 2) sub(/\].*/, "]")
        }
        { print kind ": " $0 }
        END { print "status: " status }' kind=out "$scratch/out" kind=err "$scratch/err"
}

# How many of the cases failed; the innermost line number is none of its own.
count_wrong() {
    diff "$scratch/expected" "$scratch/got" | awk '
        /^< / && !/^< status: / && !/^< err: \[line [0-9]*\]$/ { n++ }
        END { print n ? n : 1 }'
}

for program in $(find "$folder" -name '*.lox' ! -path '*/benchmark/*' | sort); do
    case $program in
    */expressions/* | */scanning/*) continue ;; # for other stages of the book's program
    esac
    programs=$((programs + 1))
    read -r cases whole_trace <<EOF
$(expectations "$program")
EOF
    "$lox" "$program" >"$scratch/out" 2>"$scratch/err" </dev/null
    results $? "$whole_trace" >"$scratch/got"
    wrong=0
    if ! cmp -s "$scratch/expected" "$scratch/got"; then
        diff -u "$scratch/expected" "$scratch/got"
        wrong=$(count_wrong)
        echo "FAILED: $program ($wrong of $cases)"
    fi
    passed=$((passed + cases - wrong))
    failed=$((failed + wrong))
done
echo "lox: $passed expectations passed, $failed failed, in $programs programs"
[ $failed = 0 ] && [ $passed -gt 0 ]
