#!/bin/sh
# The layer rule of src/README.md: a source file includes only from its own folder and from
# those above it in the table there.  A folder inside of a folder, src/a/b, may include what src/a
# may, and from src/a; what is in src/a, or in another folder there, may not include from src/a/b.
srcdir=${srcdir:-.}
. "$srcdir/tests/expect.sh" || exit 1

folders_of() { # TREE: the folders of the table, from the bottom up
    sed -n 's/^| `\([a-z]*\)` |.*/\1/p' "$1/src/README.md"
}

may_include() { # FOLDER INCLUDED ABOVE: the last are the folders of the table above FOLDER's
    case " $3 " in
    *" ${2%%/*} "*) return 0 ;;
    esac
    case "$1/" in
    "$2/"*) return 0 ;;
    esac
    return 1
}

check_file() { # TREE FILE ABOVE: FILE is a path in src
    folder=${2%/*}
    sed -n 's|^#include "\([^"]*\)".*|\1|p' "$1/src/$2" | while read -r included; do
        case $included in
        */*) may_include "$folder" "${included%/*}" "$3" ||
            echo "src/$2: includes from ${included%/*}, which is not above $folder" ;;
        *) echo "src/$2: includes \"$included\" without its folder" ;;
        esac
    done
}

violations() { # TREE
    above=
    for layer in $(folders_of "$1"); do
        files=$(cd "$1/src" && find "$layer" -name '*.[ch]' 2>/dev/null)
        [ -n "$files" ] || echo "src/$layer: in the table, but empty"
        for file in $files; do
            check_file "$1" "$file" "$above"
        done
        above="$above $layer"
    done
    for folder in "$1"/src/*/; do
        folder=$(basename "$folder")
        case "$above " in
        *" $folder "*) ;;
        *) echo "src/$folder: not in the table of src/README.md" ;;
        esac
    done
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
