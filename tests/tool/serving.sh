# What the tests have in common of commands that ask a program while it runs: sourced, not run, after find_tool and in the
# folder of the build.  It goes to the test's own folder.
#   . "$srcdir/tests/tool/serving.sh"
served=$PWD/tests/tool/served
[ -e "$PWD/.libs/libgcalloc-malloc.so" ] || { echo "$test_name: there is no malloc to preload"; exit 77; }
unset GCALLOC_OPTIONS GCALLOC_MALLOC LD_PRELOAD
cd "$tmp" || exit 1
mkfifo in out

# start FLAGS...: runs it in the background, as process $pid; it is there, and can be asked, afterwards.
start() {
    # shellcheck disable=SC2086 # a list of words
    $before "$tool" "$@" "$served" <in >out 2>err &
    pid=$!
    exec 3>in 4<out
    read -r said <&4
}
before= # what runs it
# tell LINE: has it do something; $said is what it says then.
tell() { echo "$1" >&3 && said= && read -r said <&4; }
# end: it ends as its input does; $status is its status.
end() {
    exec 3>&- 4<&-
    wait "$pid"
    status=$?
}
# refuses STATUS MESSAGE ARGUMENTS...: one line on stderr
refuses() {
    wanted=$1 message=$2
    shift 2
    "$tool" "$@" >got 2>error
    got=$?
    [ "$got" = "$wanted" ] && [ "$(cat error)" = "gcalloc: $message" ] && [ ! -s got ] && return 0
    echo "status $got:"
    cat error got
    return 1
}
