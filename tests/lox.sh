#!/bin/sh
# The Lox demo's own tests, on the library as it was built: plainly, then with a collection at every few
# refills of a cache, each checked by the naive marker.
run="${srcdir:-.}/demos/lox/run-tests.sh"
"$run" "$PWD/demos/lox/lox" || exit 1
GCALLOC_OPTIONS=stress=20:verify=1 "$run" "$PWD/demos/lox/lox"
