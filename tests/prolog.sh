#!/bin/sh
# The Prolog demo's own tests, on the library as it was built; an exhausted heap, after which the program goes on; and the
# top level, of which tests see no prompts.
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

cat >"$scratch" <<'EOP'
X = f(Y,
  Z), Y = 1. % goes on in a second line
member(X, [a, b]).
;
length(L, 2), X = L, W = V.
foo(.
X = 'it''s. ', write(done), nl.
no_such_thing.
fail.
EOP
answers=$("$prolog" <"$scratch" 2>&1)
[ "$answers" = "X = f(1,Z),
Y = 1.
X = a ;
X = b.
L = [_A,_B],
X = [_A,_B],
V = W.
error: syntax error: unexpected_end_of_clause
done
X = 'it\\'s. '.
error: unknown procedure no_such_thing/0
false." ] || { echo "the top level: $answers"; exit 1; }
