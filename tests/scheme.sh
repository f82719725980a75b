#!/bin/sh
# The Scheme demo's own tests, those of threads also with many collections, each checked by the naive marker, and with
# young ones, and its conformance suite; on the library as it was built.
folder=${srcdir:-.}/demos/scheme
scheme=$PWD/demos/gcscheme
threads='threads threads-shared channels'
# shellcheck disable=SC2086 # a list of names
"$folder/run-tests.sh" "$scheme" &&
    GCALLOC_OPTIONS=stress=100:verify=1 "$folder/run-tests.sh" "$scheme" $threads &&
    GCALLOC_OPTIONS=generations=always "$folder/run-tests.sh" "$scheme" $threads &&
    "$folder/conformance/run.sh" "$scheme"
