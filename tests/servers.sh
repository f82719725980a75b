#!/bin/sh
# Server-like loops of the demos, which parse, build and drop, in heaps that are far smaller than what they allocate: plainly,
# with young collections, and with a collection at every few refills of a cache, each checked by the naive marker.  The
# programs see to it that the memory they have resident stays as it is.  SERVER_ROUNDS=N makes the loops N times as long:
# make check-servers.
rounds=${SERVER_ROUNDS:-1}
demos=${srcdir:-.}/demos
failed=0
scratch=$(mktemp) || exit 1
trap 'rm -f "$scratch"' EXIT
sed "s/30000/$((rounds * 30000))/" "$demos/lox/tests/memory/server.lox" >"$scratch"

# run OPTIONS PROGRAM ARGUMENT...
run() {
    GCALLOC_OPTIONS=$1
    export GCALLOC_OPTIONS
    shift
    "$@" || { echo "FAILED: GCALLOC_OPTIONS=$GCALLOC_OPTIONS $*"; failed=1; }
}

for mode in '' :generations=always; do
    run "heap_limit=16M$mode" "$PWD/demos/gcscheme" "$demos/scheme/examples/server.scm" $((rounds * 1200)) 4
    run "heap_limit=8M$mode" "$PWD/demos/gcprolog" "$demos/prolog/examples/server.pl" -g "serve($((rounds * 600)))"
    run "heap_limit=4M$mode" "$PWD/demos/lox/lox" "$scratch"
done
for mode in '' :generations=always; do
    run "heap_limit=32M:stress=40:verify=1$mode" \
        "$PWD/demos/gcscheme" "$demos/scheme/examples/server.scm" $((rounds * 120)) 4
    run "heap_limit=16M:stress=40:verify=1$mode" \
        "$PWD/demos/gcprolog" "$demos/prolog/examples/server.pl" -g "serve($((rounds * 40)))"
done
exit $failed
