#!/bin/sh
# The store's tests: sh run-tests.sh GCSTORE [ROUNDS [GCALLOC]]
#
# Plainly first; then documents are put and deleted by a process that is killed (kill -9) at a random moment,
# again and again.  Each change that it has acknowledged has to be there, and nothing else but, it may be,
# the one that it was at.

if [ $# -lt 1 ]; then
    echo "usage: $0 GCSTORE [ROUNDS [GCALLOC]]" >&2
    exit 2
fi
gcstore=$1
rounds=${2:-15}
gcalloc=$3
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
store=$scratch/store.gc
passed=0 failed=0

check() { # WHAT COMMAND...
    what=$1
    shift
    if "$@" >"$scratch/said" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "store: FAILED: $what" >&2
        head -n 20 "$scratch/said" >&2
    fi
}

# ---- Plainly ----

put() { printf '%s' "$2" | "$gcstore" "$store" put "$1"; }
is() { [ "$("$gcstore" "$store" "$1" ${2:+"$2"})" = "$3" ] || { echo "not: $3"; return 1; }; }
lacks() { "$gcstore" "$store" get "$1"; [ $? = 1 ]; }
check "the first version" [ "$(put apple red)" = 1 ]
check "the second one" [ "$(put pear 'green
and yellow')" = 2 ]
check "get" is get apple red
check "get with two lines" is get pear 'green
and yellow'
check "another put" [ "$(put apple green)" = 3 ]
check "which is there" is get apple green
check "an empty document" put nothing ''
check "which is there, too" is get nothing ''
check "list" is list '' '         5  apple
         0  nothing
        16  pear'
check "what is not there" lacks plum
check "delete" [ "$("$gcstore" "$store" delete pear)" = 5 ]
check "it is gone" lacks pear
deletes_nothing() { "$gcstore" "$store" delete pear; [ $? = 1 ]; }
check "it cannot go twice" deletes_nothing
check "sync" "$gcstore" "$store" sync
head -c 3000000 /dev/urandom >"$scratch/large"
large() { "$gcstore" "$store" put large <"$scratch/large" && "$gcstore" "$store" get large | cmp - "$scratch/large"; }
check "a large document" large
says() { # STATUS WORDS COMMAND...: standard input is the command's
    wanted=$1 words=$2
    shift 2
    message=$("$@" 2>&1 >/dev/null)
    [ $? = "$wanted" ] && case $message in *"$words"*) ;; *) echo "$message"; false ;; esac
}
check "what is no line is not exported" says 3 "large: no line" "$gcstore" "$store" export
printf 'put a b\0c\n' >"$scratch/line"
zero() { says 2 "a byte 0" "$gcstore" "$store" load <"$scratch/line"; }
check "a line with a byte 0" zero
deletes_of_empty() { "$gcstore" "$scratch/empty" delete plum; [ $? = 1 ]; }
check "a delete where nothing ever was" deletes_of_empty
no_lines() { [ "$(echo "delete plum" | "$gcstore" "$scratch/empty" load)" = 0 ]; }
check "which is no error of load" no_lines
echo "no store" >"$scratch/other"
numbers() { awk -v who="$1" 'BEGIN { for (i = 0; i < 500; i++) print "put", who i, i }'; }
both() {
    numbers a | "$gcstore" "$store" load >/dev/null &
    numbers b | "$gcstore" "$store" load >/dev/null && wait $! &&
        [ "$("$gcstore" "$store" list | wc -l)" = 1003 ]
}
check "two processes put at once" both
refuses() { "$gcstore" "$scratch/other" list; [ $? = 3 ]; }
check "what is no store" refuses
rm "$store"

# ---- Killed ----

# Changes that never come to an end: half a thousand keys, each put with a text of its own, some deleted.
changes() { # ROUND
    awk -v round="$1" 'BEGIN {
        for (i = 1; i <= 60000; i++) {
            key = "k" (i * 7919 + round * 31) % 500
            if (i % 10 == 0)
                print "delete", key
            else
                print "put", key, "text-" round "-" i "-" sprintf("%0" (i % 90) "d", i)
        }
    }'
}

# What the store has when the first COUNT of these changes are made to what it had.
state_after() { # COUNT: reads changes, behind what the store had
    awk -v count="$1" 'FILENAME == ARGV[1] || FNR <= count {
            if ($1 == "put")
                text[$2] = $0
            else
                delete text[$2]
        }
        END { for (key in text) print text[key] }' "$scratch/before" "$scratch/changes" |
        LC_ALL=C sort -k2,2
}

random() { # up to so many milliseconds, in seconds
    od -An -N4 -tu4 /dev/urandom | awk -v most="$1" '{ printf "%.3f\n", $1 % most / 1000 }'
}

has() { state_after "$1" | cmp -s - "$scratch/after"; }

# A change that was made, and not acknowledged, may be there.  A delete of what is not there changes
# nothing and is acknowledged, too.
all_there() {
    "$gcstore" "$store" export >"$scratch/after" || return 1
    acknowledged=$(wc -l <"$scratch/acknowledged")
    has "$acknowledged" || has $((acknowledged + 1)) ||
        { echo "not what $acknowledged changes lead to"; return 1; }
}

# On a slow machine a process may be killed before it has begun.
await_one() {
    for _ in $(seq 1000); do
        [ ! -s "$scratch/acknowledged" ] || return 0
        sleep 0.01
    done
}

: >"$scratch/before"
total=0 kills=0
for round in $(seq "$rounds"); do
    changes "$round" >"$scratch/changes"
    "$gcstore" "$store" load <"$scratch/changes" >"$scratch/acknowledged" 2>"$scratch/messages" &
    [ $((round % 2)) = 0 ] || await_one
    sleep "$(random 150)"
    kill -9 $! 2>/dev/null && kills=$((kills + 1))
    wait $! 2>/dev/null
    check "no message before the kill" [ ! -s "$scratch/messages" ]
    check "all that was acknowledged" all_there
    total=$((total + acknowledged))
    mv "$scratch/after" "$scratch/before"
done
[ -z "$gcalloc" ] || check "the region is sound" "$gcalloc" region check "$store"
check "some changes were acknowledged" [ "$total" -gt 0 ]
check "some processes were killed" [ "$kills" -gt 0 ]
echo "store: $passed passed, $failed failed ($kills kills, $total changes acknowledged)"
[ $failed = 0 ]
