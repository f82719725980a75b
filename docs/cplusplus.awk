# Writes the C++ header in the form of the C headers, for docs/manpage.awk: comments of // become those of
# /* */, and what is declared for programs is named, without its body, as GC_PUBLIC.  Left out
# are operators, and what lies in namespace detail.
#
#   awk -f docs/cplusplus.awk include/gcalloc/gcalloc.hpp | awk ... -f docs/manpage.awk

function close_comment() {
    if (in_comment)
        print " */"
    in_comment = 0
}

# The declaration up to its body, to an initializer of members, or to its end.
function declare(text) {
    gsub(/\[\[[a-z]*\]\] /, "", text)
    sub(/[ ]*([{;]| : ).*/, "", text)
    gsub(/[ ]+/, " ", text)
    sub(/^ /, "", text)
    if (text !~ /operator[^a-z]/)
        printf "GC_PUBLIC %s;\n", text
}

/^namespace detail/ { hidden = 1 }
/^} \/\/ namespace detail/ { hidden = 0; next }
hidden { next }

/^\/\/ ---- / {
    close_comment()
    sub(/^\/\/ /, "")
    sub(/-*$/, "----")
    printf "/* %s */\n", $0
    next
}
/^[ ]*\/\// {
    sub(/^[ ]*\/\/[ ]?/, "")
    print (in_comment ? " * " : "/* ") $0
    in_comment = 1
    next
}
in_comment || /^template/ {
    wanted = /[a-z]/ && !/^#/ && !/^namespace/
    close_comment()
    if (wanted)
        in_declaration = 1
    else
        print ""
}
in_declaration {
    text = text " " $0
    if (/[{;]/) {
        declare(text)
        text = ""
        in_declaration = 0
    } else if (text ~ /\)[ ]*(noexcept|const)*$/) { # the body begins on a line of its own
        declare(text)
        text = ""
        in_declaration = 0
    }
}
