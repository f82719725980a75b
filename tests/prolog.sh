#!/bin/sh
# The Prolog demo's own tests, on the library as it was built; and an exhausted heap, after which the program goes on.
prolog=$PWD/demos/gcprolog
"${srcdir:-.}/demos/prolog/run-tests.sh" "$prolog" || exit 1

scratch=$(mktemp) || exit 1
trap 'rm -f "$scratch"' EXIT
cat >"$scratch" <<'EOP'
grow(L) :- grow([L, L|L]).
main :- catch(grow([]), error(E, _), true), write(E), nl, length(L, 1000), length(L, N), write(N), nl.
EOP
printed=$(GCALLOC_OPTIONS=heap_limit=16M "$prolog" "$scratch" -g main -g main 2>&1)
[ "$printed" = "resource_error(memory)
1000
resource_error(memory)
1000" ] || { echo "an exhausted heap: $printed"; exit 1; }
