#!/bin/sh
# What the beginning and the end of a thread cost in system calls, of those that the library makes:
# the difference between a run of many threads and one of few.  No memory is mapped for a thread
# where one has ended before, as its cache and its record serve the next.
set -eu
srcdir=${srcdir:-.}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
few=20 many=60

command -v strace >/dev/null || { echo "cost: strace is not installed: skipped"; exit 77; }
strace -f -qq -o "$out/log" true 2>/dev/null ||
    { echo "cost: strace does not run here: skipped"; exit 77; }

# count FILE NAME...: calls of these names.
count() {
    file=$1
    shift
    total=0
    for name; do
        total=$((total + $(grep -c "^[0-9]* *$name(" "$file" || true)))
    done
    echo $total
}

run() {
    for threads in $few $many; do
        strace -f -qq -o "$out/$threads" ./tests/threads/brief $threads
    done
}

failed=0
run
# at_most CALLS NAME...: so many for each thread, the C library's own included.
at_most() {
    most=$1
    shift
    more=$(($(count "$out/$many" "$@") - $(count "$out/$few" "$@")))
    echo "cost: $more calls of $* for $((many - few)) threads"
    [ $more -le $((most * (many - few) + (many - few) / 2)) ] || # a look or two at a slow one
        { echo "cost: more than $most for each thread"; over=1; }
}

# before_threads NAME LOG: the library's descriptor has its number before the first thread begins: in
# a pause, with two threads, the kernel would take its time to enlarge their table.
before_threads() {
    first=$(grep -n -e CLONE_THREAD -e F_DUPFD_CLOEXEC "$2" | head -n 1)
    grep -q CLONE_THREAD "$2" || { echo "cost: no threads in $1"; failed=1; }
    case $first in
    *F_DUPFD_CLOEXEC*) echo "cost: $1 opens its descriptor before its threads begin" ;;
    *) echo "cost: $1 has threads when its descriptor is opened: $first"; failed=1 ;;
    esac
}

before_threads "a program with threads" "$out/$few"
strace -f -qq -o "$out/alone" ./demos/gcscheme "$srcdir/demos/scheme/examples/wordcount.scm" >/dev/null
before_threads "a program with the library's threads alone" "$out/alone"

# Where a thread is slow to stop the library looks at it, which is no cost of its beginning or its
# end: on a busy machine that may be once for each, but not in each of three runs.
for attempt in 1 2 3; do
    over=0
    at_most 1 gettid
    at_most 0 getpid
    at_most 8 rt_sigprocmask
    at_most 0 mmap munmap mprotect
    at_most 0 openat open read close
    [ $over = 0 ] && break
    [ $attempt = 3 ] && failed=1
    run
done
exit $failed
