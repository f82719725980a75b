#!/bin/sh
# The layer rule of src/README.md: a source file includes only from its own folder and from
# those above it in the table there.  A folder inside of a folder, src/a/b, may include what src/a
# may, and from src/a; what is in src/a, or in another folder there, may not include from src/a/b.
srcdir=${srcdir:-.}
. "$srcdir/tests/expect.sh" || exit 1

folders_of() { # TREE: the folders of the table, from the bottom up
    sed -n 's/^| `\([a-z]*\)` |.*/\1/p' "$1/src/README.md"
}

# Prints what the files of TREE include against the rule, and what the table and the folders do not
# say of each other.  A folder may be included from by itself, by what lies in it, and by the folders
# below its own in the table.
violations() { # TREE
    (
        cd "$1/src" || exit
        find . -mindepth 2 -name '*.[ch]' -exec awk '
            sub(/^#include "/, "") { sub(/".*/, ""); print substr(FILENAME, 3), $0 }' {} +
        find . -mindepth 2 -name '*.[ch]' | sed 's|^\./||; s|$| .|'
        for folder in */; do echo "${folder%/} /"; done
    ) | awk -v table="$(folders_of "$1")" '
        BEGIN {
            count = split(table, layers, /[ \n]+/)
            for (i = 1; i <= count; i++)
                rank[layers[i]] = i
        }
        function top(path) {
            sub("/.*", "", path)
            return path
        }
        function folder_of(path) {
            sub("/?[^/]*$", "", path)
            return path
        }
        function may_include(folder, from) {
            return (top(from) in rank && rank[top(from)] < rank[top(folder)]) ||
                index(folder "/", from "/") == 1
        }
        $2 == "/" {
            if (!($1 in rank))
                print "src/" $1 ": not in the table of src/README.md"
            next
        }
        { files[top($1)]++ }
        $2 == "." { next }
        $2 !~ "/" { print "src/" $1 ": includes \"" $2 "\" without its folder"; next }
        top($1) in rank && !may_include(folder_of($1), folder_of($2)) {
            print "src/" $1 ": includes from " folder_of($2) ", which is not above " folder_of($1)
        }
        END {
            for (layer in rank)
                if (!(layer in files))
                    print "src/" layer ": in the table, but empty"
        }'
}

begin layers || exit 1
sample=$tmp/sample
mkdir -p "$sample/src/low" "$sample/src/high/inner" "$sample/src/high/other"
printf '| `low` | x |\n| `high` | x |\n' >"$sample/src/README.md"
write() { # FILE INCLUDED...
    file=$1
    shift
    printf '#include "%s"\n' "$@" >"$sample/src/$file"
}
write low/a.c low/a.h
write high/b.c low/a.h high/b.h
write high/inner/c.c low/a.h high/b.h high/inner/c.h
allows() { ! violations "$sample" | grep .; }
expect "what is allowed" allows
write low/a.c high/b.h
write high/b.c high/inner/c.h b.h
write high/other/d.c high/inner/c.h
mkdir "$sample/src/apart"
finds() { violations "$sample" >"$tmp/found" && [ "$(wc -l <"$tmp/found")" = 5 ]; }
expect "what is not" finds

no_violation() { [ -n "$(folders_of "$srcdir")" ] && ! violations "$srcdir" | grep .; }
expect "each file includes from above" no_violation
finish
