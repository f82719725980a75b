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
passed=0 failed=0

# Writes what is expected of each program to NUMBER.expected in the scratch directory: a line `out: TEXT` or
# `err: TEXT` for each case, and the status last.  Prints for each how many cases it has, whether all of the
# trace is compared, and its name.  One process does it for all: starting one takes longer than any program does.
expectations() { # SCRATCH PROGRAM...
    awk '
        function write_down(    i, to) {
            to = scratch "/" ++number ".expected"
            for (i = 1; i <= outs; i++) print "out: " out[i] >to
            for (i = 1; i <= count; i++) print "err: " errors[i] >to
            if (status == 70) print "err: " error >to
            if (status == 70 && !calls) print "err: " line >to
            for (i = 1; i <= calls; i++) print "err: " trace[i] >to
            print "status: " status >to
            close(to)
            cases = outs + count + (status == 70) + calls
            print (cases ? cases : 1), (calls > 0), program
        }
        BEGIN { scratch = ARGV[1]; ARGV[1] = "" }
        FNR == 1 {
            if (program) write_down()
            program = FILENAME
            status = outs = count = calls = 0
        }
        match($0, /\/\/ expect: ?/) { out[++outs] = substr($0, RSTART + RLENGTH); next }
        match($0, /\/\/ expect runtime error: /) {
            error = substr($0, RSTART + RLENGTH); line = "[line " FNR "]"; status = 70; next
        }
        match($0, /\/\/ expect trace: /) { trace[++calls] = substr($0, RSTART + RLENGTH); next }
        match($0, /\/\/ \[(c )?line [0-9]+\] Error/) {
            text = substr($0, RSTART + 3)
            sub(/^\[c /, "[", text)
            errors[++count] = text; status = 65; next
        }
        match($0, /\/\/ Error/) {
            errors[++count] = "[line " FNR "] " substr($0, RSTART + 3); status = 65
        }
        END { if (program) write_down() }' "$@"
}

# What came of each program, in that form, in NUMBER.got; of a trace that nobody asked for, the number in its first
# line.  Reads a line with the status and whether all of the trace is compared for each program.
results() { # SCRATCH
    awk -v scratch="$1" '
        function copy(kind,    from, text, n) {
            from = scratch "/" NR "." kind
            while ((getline text <from) > 0) {
                n++
                if (kind == "err" && $1 == 70 && !$2) {
                    if (n > 2) break
                    if (n == 2) sub(/\].*/, "]", text)
                }
                print kind ": " text >to
            }
            close(from)
        }
        {
            to = scratch "/" NR ".got"
            copy("out")
            copy("err")
            print "status: " $1 >to
            close(to)
        }'
}

# How many of the cases failed; the innermost line number is none of its own.
count_wrong() { # NUMBER
    diff "$scratch/$1.expected" "$scratch/$1.got" | awk '
        /^< / && !/^< status: / && !/^< err: \[line [0-9]*\]$/ { n++ }
        END { print n ? n : 1 }'
}

# The expressions and the scanner's own are for other stages of the book's program.
# shellcheck disable=SC2046 # names without blanks
expectations "$scratch" $(find "$folder" -name '*.lox' ! -path '*/benchmark/*' ! -path '*/expressions/*' \
    ! -path '*/scanning/*' -size +0 | sort) >"$scratch/programs" || exit 2

number=0
while read -r cases whole_trace program; do
    number=$((number + 1))
    "$lox" "$program" >"$scratch/$number.out" 2>"$scratch/$number.err" </dev/null
    echo $? "$whole_trace"
done <"$scratch/programs" >"$scratch/statuses"
results "$scratch" <"$scratch/statuses"

programs=0
while read -r cases whole_trace program; do
    programs=$((programs + 1))
    wrong=0
    if ! cmp -s "$scratch/$programs.expected" "$scratch/$programs.got"; then
        diff -u "$scratch/$programs.expected" "$scratch/$programs.got"
        wrong=$(count_wrong $programs)
        echo "FAILED: $program ($wrong of $cases)"
    fi
    passed=$((passed + cases - wrong))
    failed=$((failed + wrong))
done <"$scratch/programs"
echo "lox: $passed expectations passed, $failed failed, in $programs programs"
[ $failed = 0 ] && [ $passed -gt 0 ]
