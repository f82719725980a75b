#!/bin/sh
# The layer rule of src/README.md, for names: no folder's objects need a name that a folder below
# it in the table there defines.  What is above fills in hooks of what is below.  A folder inside of
# a folder, src/a/b, lies below src/a.
srcdir=${srcdir:-.}
. "$srcdir/tests/expect.sh" && . "$srcdir/tests/links.sh" || exit 1
layers=$(sed -n 's/^| `\([a-z]*\)` |.*/\1/p' "$srcdir/src/README.md")

# Those that are still open.
allowed='mutator/free report_bad_pointer
mutator/realloc report_bad_pointer
mutator/init report_at_exit'

# Prints the links, of those that it reads, that go to a folder below the user's.
doors() {
    awk -v layers="$layers" -v allowed="$allowed" '
        BEGIN {
            count = split(layers, names, /[ \n]+/)
            for (i = 1; i <= count; i++)
                rank[names[i]] = i
            count = split(allowed, lines, "\n")
            for (i = 1; i <= count; i++)
                passes[lines[i]]
        }
        function folder_of(file) {
            sub("[^/]*$", "", file)
            return file
        }
        {
            split($1, user, "/")
            split($3, definer, "/")
            own = folder_of($1)
            its = folder_of($3)
            is_below = rank[user[1]] < rank[definer[1]] ||
                (user[1] == definer[1] && substr(own, 1, length(its)) != its)
            if (is_below && !(($1 " " $2) in passes))
                print $1 " needs " $2 ", which " $3 " defines, below it"
        }'
}

begin doors || exit 1
sample='heap/block lock_wait base/lock
heap/inner/one block_create heap/block
heap/block world_stop world/stop
heap/block one heap/inner/one'
finds_two() { [ "$(echo "$sample" | doors | grep -c "^heap/block needs [a-z_]*, which")" = 2 ]; }
expect "names of lower folders are found" finds_two

collect_links doors
no_door() { ! doors <"$tmp/links" | grep .; }
expect "no folder needs a name of a folder below it" no_door
finish
