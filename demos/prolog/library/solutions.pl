% All solutions.

findall(T, G, L) :- '$partial_list'(L), '$bag_new'(B), '$collect'(T, G, B), '$bag_take'(B, L).
'$collect'(T, G, B) :- call(G), '$bag_add'(B, T), fail.
'$collect'(_, _, _).
findall(T, G, L, Tail) :- findall(T, G, L0), '$append'(L0, Tail, L).
aggregate_all(count, G, C) :- !, findall(x, G, L), length(L, C).
aggregate_all(sum(E), G, S) :- !, findall(E, G, L), '$sum'(L, 0, S).
aggregate_all(max(E), G, M) :- !, findall(E, G, [H|T]), '$extreme'(T, max, H, M).
aggregate_all(min(E), G, M) :- !, findall(E, G, [H|T]), '$extreme'(T, min, H, M).
aggregate_all(bag(E), G, L) :- !, findall(E, G, L).
aggregate_all(set(E), G, S) :- findall(E, G, L), sort(L, S).
'$sum'([], S, S).
'$sum'([X|Xs], S0, S) :- S1 is S0 + X, '$sum'(Xs, S1, S).
'$extreme'([], _, M, M).
'$extreme'([X|Xs], F, M0, M) :- E =.. [F, M0, X], M1 is E, '$extreme'(Xs, F, M1, M).
'$strip'(G, V, V, G) :- var(G), !.
'$strip'(V^G, V0, V1, G1) :- !, '$strip'(G, V0-V, V1, G1).
'$strip'(G, V, V, G).
bagof(T, G, L) :-
    '$partial_list'(L), '$strip'(G, T, Bound, Goal), '$must_be'(callable, Goal),
    term_variables(Bound, Bs), term_variables(Goal, Gs), '$free'(Gs, Bs, Free),
    ( Free == [] -> findall(T, Goal, L), L \== []
    ; W =.. [v|Free], findall(W-T, Goal, Ps), Ps \== [], keysort(Ps, Sorted),
      '$groups'(Sorted, Groups), '$member'(W-L, Groups) ).
'$free'([], _, []).
'$free'([V|Vs], Bs, F) :- ( '$occurs'(Bs, V) -> F = F1 ; F = [V|F1] ), '$free'(Vs, Bs, F1).
'$occurs'([X|Xs], V) :- ( X == V -> true ; '$occurs'(Xs, V) ).
'$groups'([], []).
'$groups'([W-T|Ps], [W-[T|Ts]|Gs]) :- '$same'(Ps, W, Ts, Rest), '$groups'(Rest, Gs).
'$same'([W1-T|Ps], W, Ts, Rest) :-
    ( '$variant'(W1, W) -> W1 = W, Ts = [T|Ts1], '$same'(Ps, W, Ts1, Rest)
    ; Ts = Ts1, Rest = [W1-T|Rest1], '$same'(Ps, W, Ts1, Rest1) ).
'$same'([], _, [], []).
'$variant'(A, B) :- A == B, !.
'$variant'(A, B) :-
    \+ \+ ( copy_term(A, A1), copy_term(B, B1),
            numbervars(A1, 0, N), numbervars(B1, 0, N), A1 == B1 ).
A =@= B :- '$variant'(A, B).
setof(T, G, S) :- '$partial_list'(S), bagof(T, G, L), sort(L, S).

