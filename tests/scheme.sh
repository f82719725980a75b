#!/bin/sh
# The Scheme demo's own tests, and its conformance suite, on the library as it was built.  libtool runs the program
# itself, as the wrapper that it made takes longer to start than most of the programs do to run.
folder=${srcdir:-.}/demos/scheme
run() {
    ./libtool --mode=execute -dlopen libgcalloc.la sh "$1" "$PWD/demos/gcscheme"
}
run "$folder/run-tests.sh" && run "$folder/conformance/run.sh"
