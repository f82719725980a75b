#!/bin/sh
# The Scheme demo's own tests, those of threads also with many collections, each checked by the naive marker, and with
# young ones, and its conformance suite; on the library as it was built.  libtool runs the program itself, as the
# wrapper that it made takes longer to start than most of the programs do to run.
folder=${srcdir:-.}/demos/scheme
run() {
    script=$folder/$1
    shift
    ./libtool --mode=execute -dlopen libgcalloc.la sh "$script" "$PWD/demos/gcscheme" "$@"
}
run run-tests.sh &&
    GCALLOC_OPTIONS=stress=100:verify=1 run run-tests.sh threads threads-shared channels &&
    GCALLOC_OPTIONS=generations=always run run-tests.sh threads threads-shared channels &&
    run conformance/run.sh
