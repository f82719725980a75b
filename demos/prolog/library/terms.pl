% Terms: counting, lengths, sorting, numbering variables.

between(L, H, X) :-
    '$must_be'(integer, L),
    ( H == inf -> true ; H == infinite -> true ; '$must_be'(integer, H) ),
    ( integer(X) -> X >= L, ( integer(H) -> X =< H ; true )
    ; nonvar(X) -> '$type'(integer, X)
    ; integer(H) -> L =< H, '$between'(L, H, X)
    ; '$from'(L, X) ).
'$between'(L, H, L) :- L >= H, !, L =:= H.
'$between'(L, _, L).
'$between'(L, H, X) :- L1 is L + 1, '$between'(L1, H, X).
'$from'(L, L).
'$from'(L, X) :- L1 is L + 1, '$from'(L1, X).
succ(X, Y) :- integer(X), !,
    ( X < 0 -> '$domain'(not_less_than_zero, X) ; '$or_var'(integer, Y), Y is X + 1 ).
succ(X, Y) :- var(X), integer(Y), !,
    ( Y < 0 -> '$domain'(not_less_than_zero, Y) ; Y > 0, X is Y - 1 ).
succ(X, Y) :- var(X), !, '$must_be'(integer, Y).
succ(X, _) :- '$type'(integer, X).
plus(X, Y, Z) :- ( var(Z) -> Z is X + Y ; var(Y) -> Y is Z - X ; X is Z - Y ).
length(L, N) :-
    '$skip_list'(L, M, T),
    ( nonvar(N), \+ integer(N) -> '$type'(integer, N)
    ; integer(N), N < 0 -> '$domain'(not_less_than_zero, N)
    ; T == [] -> N = M
    ; nonvar(T) -> '$type'(list, L)
    ; T == N -> throw(error(resource_error(infinite_list), _))
    ; integer(N) -> K is N - M, K >= 0, '$fill'(K, T)
    ; '$lengths'(T, M, N) ).
'$fill'(0, []) :- !.
'$fill'(K, [_|T]) :- K1 is K - 1, '$fill'(K1, T).
'$lengths'([], N, N).
'$lengths'([_|T], M, N) :- M1 is M + 1, '$lengths'(T, M1, N).
msort(L, S) :- sort(0, @=<, L, S).
sort(L, S) :- '$partial_list'(S), sort(0, @<, L, S).
keysort(L, S) :-
    '$must_be'(list, L), '$pairs'(L), '$partial_list'(S), '$partial_pairs'(S),
    sort(1, @=<, L, S).
'$pairs'([]).
'$pairs'([P|T]) :-
    ( var(P) -> '$inst' ; P = _-_ -> true ; '$type'(pair, P) ), '$pairs'(T).
'$partial_pairs'(L) :- var(L), !.
'$partial_pairs'([]).
'$partial_pairs'([P|T]) :-
    ( var(P) -> true ; P = _-_ -> true ; '$type'(pair, P) ), '$partial_pairs'(T).
predsort(P, L, S) :- length(L, N), '$predsort'(P, N, L, _, S1), !, S = S1.
'$predsort'(_, 0, L, L, []) :- !.
'$predsort'(_, 1, [X|L], L, [X]) :- !.
'$predsort'(P, N, L1, L3, R) :-
    N1 is N // 2, N2 is N - N1,
    '$predsort'(P, N1, L1, L2, R1), '$predsort'(P, N2, L2, L3, R2),
    '$predmerge'(P, R1, R2, R).
'$predmerge'(_, [], R, R) :- !.
'$predmerge'(_, R, [], R) :- !.
'$predmerge'(P, [H1|T1], [H2|T2], R) :-
    call(P, D, H1, H2), !, '$predmerge'(D, P, H1, H2, T1, T2, R).
'$predmerge'(<, P, H1, H2, T1, T2, [H1|R]) :- '$predmerge'(P, T1, [H2|T2], R).
'$predmerge'(=, P, H1, _, T1, T2, R) :- '$predmerge'(P, [H1|T1], T2, R).
'$predmerge'(>, P, H1, H2, T1, T2, [H2|R]) :- '$predmerge'(P, [H1|T1], T2, R).
numbervars(T, S, E) :- term_variables(T, Vs), '$number'(Vs, S, E).
'$number'([], E, E).
'$number'(['$VAR'(S)|Vs], S, E) :- S1 is S + 1, '$number'(Vs, S1, E).
term_variables(T, Vs) :- '$partial_list'(Vs), '$variables'(T, Vs).
term_variables(T, Vs, Tail) :- '$variables'(T, L), '$append'(L, Tail, Vs).
'$append'([], L, L).
'$append'([X|Xs], L, [X|Ys]) :- '$append'(Xs, L, Ys).
'$member'(X, [Y|Ys]) :- '$member'(Ys, X, Y).
'$member'(_, X, X).
'$member'([Y|Ys], X, _) :- '$member'(Ys, X, Y).
'$memberchk'(X, L) :- '$member'(X, L), !.
?=(A, B) :- ( A == B -> true ; A \= B ).

