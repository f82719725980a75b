#!/bin/sh
# No files of src need each other in a circle, by the names that their objects define and use: each
# can be read, and tested, once those that it needs are known.  What is in the list below is
# allowed: one link of a circle, with its reason.
srcdir=${srcdir:-.}
. "$srcdir/tests/expect.sh" && . "$srcdir/tests/links.sh" || exit 1

allowed='
heap/extent altered_renew: what is taken out of the free units may have pages to be renewed, which altered.c finds by the blocks that lie there
heap/holes block_units: a block knows of its holes, and a hole of the block that it is in
heap/fit_tree fit_buddy_orders: the one policy with a size of its own for what is asked
collect/collector idle_note: a collection is what an idle heap waits for, and collects by itself
mutator/init report_at_exit: the end of the program
'

# Prints the links, of those that it reads, that lie on a circle or between two.  Files that need
# nothing are taken out until none is left, then those that nobody needs.
circles() {
    awk -v allowed="$allowed" '
        function bound(file, out,    other) {
            for (other in files)
                if (out ? ((file, other) in needs) : ((other, file) in needs))
                    return 1
            return 0
        }
        function strip(out,    file, taken) {
            do {
                taken = 0
                for (file in files)
                    if (!bound(file, out)) {
                        delete files[file]
                        taken = 1
                    }
            } while (taken)
        }
        BEGIN {
            count = split(allowed, lines, "\n")
            for (i = 1; i <= count; i++)
                if (match(lines[i], /:/))
                    passes[substr(lines[i], 1, RSTART - 1)]
        }
        {
            files[$1]
            files[$3]
            if (!(($1 " " $2) in passes))
                needs[$1, $3] = needs[$1, $3] " " $2
        }
        END {
            strip(1)
            strip(0)
            for (file in files)
                for (other in files)
                    if ((file, other) in needs)
                        print file " needs" needs[file, other] " of " other
        }' | sort
}

begin circles || exit 1
sample='a/a one a/b
a/b two a/c
a/c three a/a
a/d four a/a'
finds_one() { [ "$(echo "$sample" | circles | wc -l)" = 3 ]; }
finds_none() { [ -z "$(echo "$sample" | grep -v three | circles)" ]; }
expect "a circle of three files is found" finds_one
expect "without one of its links there is none" finds_none

collect_links circles
no_circle() { ! circles <"$tmp/links" | grep .; }
expect "no files of src need each other in a circle" no_circle

# The table of src/README.md that shows the files of world from the bottom up.
rows() {
    awk '/^## / { inside = $2 == "world/" } inside && /^\| `/ { print NR, $0 }' \
        "$srcdir/src/README.md" | awk -F '|' '{
            count = split($2, part, "`")
            for (i = 2; i <= count; i += 2) {
                sub(/\.c$/, "", part[i])
                print "row", "world/" part[i], $1 + 0
            }
        }'
}
out_of_order() {
    { rows && cat "$tmp/links"; } | awk '
        $1 == "row" { row[$2] = $3; next }
        $1 ~ /^world\// && !($1 in row) { print $1 " is not in the table" }
        $1 in row && $3 in row && row[$1] < row[$3] {
            print $1 " needs " $2 " of " $3 ", which is not above it in the table"
        }'
}
in_order() { [ -n "$(rows)" ] && ! out_of_order | grep .; }
expect "the table of world/ in src/README.md is from the bottom up" in_order
finish
