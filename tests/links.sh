# The links between the files of src, as they were built: sourced by tests/doors.sh and
# tests/circles.sh.
#   links: prints "USER NAME DEFINER" for each, as in "world/stop signals_send world/signals".
# A name that the library gives to others and that does not begin with gc_ is one of the C
# library's, in front of which the library stands: who uses it means the C library's.  Nor is
# linked_FILE a link (LINKED in src/world/next.h): it calls nothing, and brings the file into a
# program.

links() {
    find src -name '*.o' | while read -r object; do
        folder=${object%/*}
        file=${object##*/}
        file=${file#*_la-}
        # An object whose source has gone is left from an earlier build.
        [ ! -e "$srcdir/${folder%/.libs}/${file%.o}.c" ] || echo "$object"
    done | xargs ${READELF:-readelf} -sW | awk '
        $1 == "File:" {
            file = $2
            sub("^src/", "", file)
            sub("/\\.libs/", "/", file)
            sub("/[^/]*_la-", "/", file)
            sub("\\.o$", "", file)
            next
        }
        $5 != "GLOBAL" && $5 != "WEAK" { next }
        $7 == "UND" { if ($5 == "GLOBAL") uses[file " " $8]; next }
        $6 == "DEFAULT" && $8 !~ /^gc_/ { next }
        $8 ~ /^linked_/ { next }
        { definer[$8] = file }
        END {
            for (use in uses) {
                split(use, part, " ")
                if (part[2] in definer && definer[part[2]] != part[1])
                    print use, definer[part[2]]
            }
        }' | sort
}

# Puts them into $tmp/links; without any the test that asks is skipped.
collect_links() {
    links >"$tmp/links"
    [ -s "$tmp/links" ] && return
    echo "$1: the objects have no names, as with -flto" >&2
    exit 77
}
