# What the shell tests begin with: sourced, not run.  A folder of its own in $tmp, which goes
# with the test, and counts of what has passed.
#   . "$srcdir/tests/expect.sh" && begin NAME || exit 1
#   find_tool
#   expect "what is right" COMMAND...
#   finish
# Prints the name and the output of what fails, and goes on.

begin() { # NAME: as the test is called in messages
    test_name=$1
    passed=0
    failed=0
    tmp=$(mktemp -d "${TMPDIR:-/tmp}/gcalloc-$test_name.XXXXXX") || return 1
    trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
    trap 'exit 1' HUP INT TERM
}

# Sets $tool to the command gcalloc: the program itself, where libtool has put a script in front of it, which takes
# ten times as long to start; as that does, it names the folder of the library.
find_tool() { # in the folder of the build
    tool=$PWD/tools/gcalloc
    [ -x "$PWD/tools/.libs/gcalloc" ] || return 0
    tool=$PWD/tools/.libs/gcalloc
    LD_LIBRARY_PATH=$PWD/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export LD_LIBRARY_PATH
}

expect() { # NAME COMMAND...
    name=$1
    shift
    if "$@" >"$tmp/said" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$test_name: failed: $name" >&2
        head -n 40 "$tmp/said" >&2
    fi
}

has() { # FILE PATTERN...: for expect: a line of the file for each
    file=$1
    shift
    for pattern; do
        grep -q -e "$pattern" "$file" || { echo "no line like $pattern in:"; cat "$file"; return 1; }
    done
}

finish() { # the status is that of the test
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}
