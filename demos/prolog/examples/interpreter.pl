% A small interpreter of Prolog in Prolog, which counts inferences and shows proofs, and one of a
% language with assignments and loops.

:- dynamic edge/2, path/2.
:- op(700, xfx, <-).

edge(a, b).
edge(b, c).
edge(c, d).
path(X, Y) :- edge(X, Y).
path(X, Z) :- edge(X, Y), path(Y, Z).

solve(true, true, 0) :- !.
solve((A, B), (P, Q), N) :- !, solve(A, P, N1), solve(B, Q, N2), N is N1 + N2.
solve(A, (A <- P), N) :- clause(A, B), solve(B, P, M), N is M + 1.

:- op(700, xfx, :=).
:- op(990, fx, while).
:- op(980, xfx, do).

run((A ; B), S0, S) :- !, run(A, S0, S1), run(B, S1, S).
run(X := E, S0, S) :- !, value(E, S0, V), put_assoc(X, S0, V, S).
run(while C do B, S0, S) :- !,
    (   condition(C, S0) -> run(B, S0, S1), run(while C do B, S1, S) ; S = S0 ).

value(E, S, V) :- atom(E), !, get_assoc(E, S, V).
value(E, _, E) :- number(E), !.
value(E, S, V) :- E =.. [F, A, B], value(A, S, X), value(B, S, Y), G =.. [F, X, Y], V is G.

condition(C, S) :- C =.. [F, A, B], value(A, S, X), value(B, S, Y), call(F, X, Y).

main :-
    forall(solve(path(a, X), _, N), format("path(a,~w): ~w inferences~n", [X, N])),
    solve(path(a, c), Proof, _), !,
    print(Proof), nl,
    empty_assoc(S0),
    run(( n := 25 ; f := 1 ; while n > 0 do ( f := f * n ; n := n - 1 ) ;
          i := 0 ; while i < 100000 do i := i + 1 ), S0, S),
    assoc_to_list(S, L), print(L), nl.
