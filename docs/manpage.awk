# Makes the manual page from the public header: the comment in front of a declaration is
# its description, a comment of the form "---- Title ----" starts a section.
#
#   awk -v version=X -v page=gcalloc -v what='garbage-collected heap' \
#       -f docs/manpage.awk include/gcalloc/gcalloc.h > docs/gcalloc.3
#
# The page is of the header that its name says, unless -v header=X says another.

BEGIN {
    if (!header) {
        header = page ".h"
        sub(/^gcalloc-/, "", header)
    }
    compiles = header ~ /hpp$/ ? "c++ -std=c++17 prog.cc" : "cc prog.c"
    printf ".\\\" Made from <gcalloc/%s> by docs/manpage.awk.\n", header
    printf ".TH %s 3 \"\" \"gcalloc %s\" \"Library Functions Manual\"\n", toupper(page), version
    print ".SH NAME"
    printf "%s \\- %s\n", roff(page), what
    print ".SH SYNOPSIS"
    print ".nf"
    printf ".B #include <gcalloc/%s>\n", header
    print ".PP"
    printf ".BI \"%s \" \"$(pkg-config --cflags --libs gcalloc)\"\n", compiles
    print ".fi"
    print ".SH DESCRIPTION"
}

function roff(line) {
    gsub(/\\/, "\\e", line)
    gsub(/-/, "\\-", line)
    sub(/^\./, "\\\\\\&.", line)
    return line
}

# A comment's line without its marks.
function plain(line) {
    sub(/[ ]*\*\/$/, "", line)
    sub(/^[ ]*\/\*[ ]?/, "", line)
    sub(/^[ ]\*[ ]?/, "", line)
    return line
}

function flush_comment(paragraph,   i) {
    for (i = 1; i <= lines; i++) {
        if (comment[i] == "")
            print paragraph ? paragraph : ".PP"
        else if (comment[i] ~ /^  - /)
            printf ".br\n\\(bu %s\n", roff(substr(comment[i], 5))
        else {
            sub(/^[ ]+/, "", comment[i])
            print roff(comment[i])
        }
    }
    lines = 0
}

function declare(text) {
    gsub(/__attribute__\(\([^;]*\)\)/, "", text)
    gsub(/GC_PUBLIC |GC_NEW_OBJECT/, "", text)
    gsub(/[ \t]+/, " ", text)
    sub(/ ;/, ";", text)
    if (lines && declared)
        print ".PP"
    declared = 1
    printf ".HP\n.B %s\n", roff(text)
    if (lines) {
        print ".IP"
        flush_comment(".IP")
    }
}

/^\/\* ---- / {
    flush_comment()
    gsub(/\/\* -+ | -+ \*\//, "")
    printf ".SH %s\n", toupper($0)
    declared = 0
    next
}
/^\/\*/ { in_comment = 1; lines = 0 }
in_comment {
    comment[++lines] = plain($0)
    if (/\*\//) {
        in_comment = 0
        if (!opened++)
            flush_comment()
    }
    next
}
/^#define GC_[A-Z_]+ [0-9]+u/ && !/VERSION/ {
    name = $2
    meaning = $0
    if (!sub(/^[^*]*\*[ ]/, "", meaning)) { # the comment stands above
        printf ".TP\n.B %s\n", name
        flush_comment()
        next
    }
    sub(/[ ]*\*\/$/, "", meaning)
    if (lines) {
        print ".PP"
        flush_comment()
    }
    printf ".TP\n.B %s\n%s\n", name, roff(meaning)
    next
}
/^#define GC_STATS_FIELDS/ { in_fields = 1; print ".PP"; flush_comment(); next }
in_fields {
    field = field $0
    if ($0 !~ /\\$/ || $0 ~ /\)[ ]*\\$/ ) {
        name = field
        sub(/^[ ]*X\(/, "", name)
        sub(/,.*/, "", name)
        text = ""
        rest = field
        while (match(rest, /"[^"]*"/)) {
            text = text substr(rest, RSTART + 1, RLENGTH - 2)
            rest = substr(rest, RSTART + RLENGTH)
        }
        printf ".TP\n.B %s\n%s\n", name, roff(text)
        field = ""
    }
    if ($0 !~ /\\$/)
        in_fields = 0
    next
}
/^GC_PUBLIC/ { in_declaration = 1; text = "" }
in_declaration {
    text = text " " $0
    if (/;$/) {
        in_declaration = 0
        sub(/^ /, "", text)
        declare(text)
    }
    next
}
/^#|^}|^struct|^$|^extern/ { lines = 0 }

END {
    print ".SH ENVIRONMENT"
    print ".TP\n.B GCALLOC_OPTIONS"
    print "Options, as key=value joined by colons; GCALLOC_OPTIONS=help=1 lists them."
}
