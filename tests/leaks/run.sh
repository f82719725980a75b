#!/bin/sh
# Runs the small programs, as each compiler and level of optimization has made them, on
# both backends, with manual objects and under leaks=all, and compares the JSON reports with
# what the programs' table says: exact objects and bytes.
#
# leaks_programs names them; one that is called "managed" runs under leaks=all.
tmp=$(mktemp -d "${TMPDIR:-/tmp}/gcalloc-leaks.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

# From "NAME PROCESS 14 NUMBERS" and the report in $tmp/PROCESS.
cat >"$tmp/check.awk" <<'END'
function amount(name,    text, part) {
    if (!match(json, "\"" name "\":{\"objects\":[0-9]+,\"bytes\":[0-9]+"))
        return "none"
    text = substr(json, RSTART, RLENGTH)
    gsub(/[^0-9]+/, " ", text)
    return substr(text, 2)
}
function sum(name,    rest, total) {
    rest = json
    while (match(rest, "\"" name "\":[0-9]+")) {
        total += substr(rest, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
        rest = substr(rest, RSTART + RLENGTH)
    }
    return total + 0
}
{
    json = ""
    lines = 0
    while ((getline line < (tmp "/" $2)) > 0) {
        json = line
        lines++
    }
    close(tmp "/" $2)
    found = amount("definite") " " amount("indirect") " " amount("possible") " " \
        amount("reachable") " " sum("kept_objects") " " sum("kept_bytes") " " \
        sum("cycles") " " amount("suppressed")
    expected = $0
    sub(/^[^ ]+ [^ ]+ /, "", expected)
    expected = expected " 0 0"
    if (lines == 1 && found == expected && json ~ /"incomplete":false}$/) {
        passed++
        next
    }
    failed++
    print where ": " $1 ": failed, with " lines " reports"
    print "  expected " expected
    print "  found    " found
}
END {
    print passed + 0, failed + 0
}
END

# Without names, which nothing here looks at, and which are most of the work of a report.
mkdir "$tmp/no-names"
echo "not a library" >"$tmp/no-names/libdw.so.1"

passed=0
failed=0
for program in ${leaks_programs:?names the programs}; do
    leaks=1
    case $program in *managed*) leaks=all ;; esac
    backends=mmap
    case $program in *d-O2* | *l-O2*) backends='mmap sbrk' ;; esac
    for os in $backends; do
        rm -f "$tmp"/[0-9]*
        options=leaks=$leaks:os=$os:groups=0:report_format=json:report=$tmp/%p
        LD_LIBRARY_PATH=$tmp/no-names${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} GCALLOC_OPTIONS=$options \
            "$program" >"$tmp/list" 2>"$tmp/errors" ||
            echo "failed" >>"$tmp/errors"
        if [ -s "$tmp/errors" ]; then
            echo "$program, $os:"
            cat "$tmp/errors"
            failed=$((failed + 1))
        fi
        awk -v tmp="$tmp" -v where="$program, $os" -f "$tmp/check.awk" "$tmp/list" \
            >"$tmp/result"
        sed '$d' "$tmp/result"
        read -r good bad <<END
$(tail -n 1 "$tmp/result")
END
        [ "$good" -ge 50 ] || echo "$program, $os: only $good programs passed"
        passed=$((passed + good))
        failed=$((failed + bad))
    done
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
