#!/bin/sh
# The Lox demo's own tests, on the library as it was built: plainly, then with a collection at every few
# refills of a cache, each checked by the naive marker; and a program whose strings would not fit if the
# table of strings kept them.
run="${srcdir:-.}/demos/lox/run-tests.sh"
"$run" "$PWD/demos/lox/lox" || exit 1
GCALLOC_OPTIONS=stress=100:verify=1 "$run" "$PWD/demos/lox/lox" || exit 1
GCALLOC_OPTIONS=heap_limit=40M "$PWD/demos/lox/lox" "${srcdir:-.}/demos/lox/tests/garbage.lox" >/dev/null
