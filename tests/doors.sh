#!/bin/sh
# The layer rule of src/README.md, for names: no folder's objects need a name that a folder below
# it in the table there defines.  What is above fills in hooks of what is below.
srcdir=${srcdir:-.}
. "$srcdir/tests/links.sh" || exit 1
layers=$(sed -n 's/^| `\([a-z]*\)` |.*/\1/p' "$srcdir/src/README.md")
found=$(mktemp "${TMPDIR:-/tmp}/gcalloc-doors.XXXXXX") || exit 1
trap 'rm -f "$found"' EXIT
links >"$found"

# Those that are still open, each with who is to close it.
allowed='mutator/free report_bad_pointer
mutator/realloc report_bad_pointer
mutator/init report_at_exit'

awk -v layers="$layers" -v allowed="$allowed" '
    BEGIN {
        count = split(layers, names, /[ \n]+/)
        for (i = 1; i <= count; i++)
            rank[names[i]] = i
        count = split(allowed, lines, "\n")
        for (i = 1; i <= count; i++)
            open_door[lines[i]]
    }
    {
        split($1, user, "/")
        split($3, definer, "/")
        if (rank[user[1]] < rank[definer[1]] && !(($1 " " $2) in open_door)) {
            printf "%s needs %s, which %s defines, below it\n", $1, $2, $3
            failed = 1
        }
    }
    END {
        print NR " links looked at"
        exit failed ? 1 : NR == 0 ? 77 : 0 # 77: objects of -flto have no names
    }' "$found"
