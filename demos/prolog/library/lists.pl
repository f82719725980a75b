% Lists, pairs and association lists: programs may define these otherwise.

:- '$library'.

append([], L, L).
append([X|Xs], L, [X|Ys]) :- append(Xs, L, Ys).
append(Ls, L) :- '$must_be'(list, Ls), '$append_all'(Ls, L).
'$append_all'([], []).
'$append_all'([L|Ls], R) :- append(L, R1, R), '$append_all'(Ls, R1).
member(X, [Y|Ys]) :- '$member'(Ys, X, Y).
memberchk(X, L) :- member(X, L), !.
reverse(L, R) :- '$reverse'(L, [], R).
nth0(N, L, X) :- '$nth'(N, 0, L, X, _).
nth1(N, L, X) :- '$nth'(N, 1, L, X, _).
nth0(N, L, X, R) :- '$nth'(N, 0, L, X, R).
nth1(N, L, X, R) :- '$nth'(N, 1, L, X, R).
'$nth'(N, B, L, X, R) :- integer(N), !, N >= B, K is N - B, '$nth_known'(K, L, X, R).
'$nth'(N, B, [Y|Ys], X, R) :- var(N), '$nth_any'(Ys, Y, X, B, N, R).
'$nth_known'(0, [X|R], X, R) :- !.
'$nth_known'(K, [Y|Ys], X, [Y|R]) :- K1 is K - 1, '$nth_known'(K1, Ys, X, R).
'$nth_any'(R, X, X, B, B, R).
'$nth_any'([Y|Ys], Z, X, B, N, [Z|R]) :- B1 is B + 1, '$nth_any'(Ys, Y, X, B1, N, R).
last([X], X) :- !.
last([_|T], X) :- last(T, X).
sum_list(L, S) :- '$sum'(L, 0, S).
sumlist(L, S) :- '$sum'(L, 0, S).
max_list([H|T], M) :- '$extreme'(T, max, H, M).
min_list([H|T], M) :- '$extreme'(T, min, H, M).
max_member(M, L) :- msort(L, S), last(S, M).
min_member(M, L) :- msort(L, [M|_]).
numlist(L, H, R) :- ( L > H -> R = [] ; R = [L|T], L1 is L + 1, numlist(L1, H, T) ).
select(X, [X|T], T).
select(X, [H|T], [H|R]) :- select(X, T, R).
selectchk(X, L, R) :- select(X, L, R), !.
select(X, Xs, Y, Ys) :- '$select4'(Xs, X, Y, Ys).
'$select4'([X|T], X, Y, [Y|T]).
'$select4'([H|T], X, Y, [H|T2]) :- '$select4'(T, X, Y, T2).
exclude(_, [], []).
exclude(P, [X|Xs], R) :- ( call(P, X) -> R = R1 ; R = [X|R1] ), exclude(P, Xs, R1).
include(_, [], []).
include(P, [X|Xs], R) :- ( call(P, X) -> R = [X|R1] ; R = R1 ), include(P, Xs, R1).
partition(_, [], [], []).
partition(P, [X|Xs], I, O) :-
    ( call(P, X) -> I = [X|I1], O = O1 ; I = I1, O = [X|O1] ), partition(P, Xs, I1, O1).
maplist(G, L) :- '$maplist'(L, G).
maplist(G, A, B) :- '$maplist'(A, B, G).
maplist(G, A, B, C) :- '$maplist'(A, B, C, G).
maplist(G, A, B, C, D) :- '$maplist'(A, B, C, D, G).
'$maplist'([], _).
'$maplist'([A|As], G) :- call(G, A), '$maplist'(As, G).
'$maplist'([], [], _).
'$maplist'([A|As], [B|Bs], G) :- call(G, A, B), '$maplist'(As, Bs, G).
'$maplist'([], [], [], _).
'$maplist'([A|As], [B|Bs], [C|Cs], G) :- call(G, A, B, C), '$maplist'(As, Bs, Cs, G).
'$maplist'([], [], [], [], _).
'$maplist'([A|As], [B|Bs], [C|Cs], [D|Ds], G) :- call(G, A, B, C, D), '$maplist'(As, Bs, Cs, Ds, G).
foldl(G, L, A0, A) :- '$foldl'(L, G, A0, A).
'$foldl'([], _, A, A).
'$foldl'([X|Xs], G, A0, A) :- call(G, X, A0, A1), '$foldl'(Xs, G, A1, A).
foldl(G, L, M, A0, A) :- '$foldl'(L, M, G, A0, A).
'$foldl'([], [], _, A, A).
'$foldl'([X|Xs], [Y|Ys], G, A0, A) :- call(G, X, Y, A0, A1), '$foldl'(Xs, Ys, G, A1, A).
permutation([], []).
permutation(L, [H|T]) :- select(H, L, R), permutation(R, T).
subtract([], _, []).
subtract([X|Xs], L, R) :- ( memberchk(X, L) -> R = R1 ; R = [X|R1] ), subtract(Xs, L, R1).
intersection([], _, []).
intersection([X|Xs], L, R) :- ( memberchk(X, L) -> R = [X|R1] ; R = R1 ), intersection(Xs, L, R1).
union([], L, L).
union([X|Xs], L, R) :- ( memberchk(X, L) -> R = R1 ; R = [X|R1] ), union(Xs, L, R1).
delete([], _, []).
delete([X|Xs], Y, R) :- ( X \= Y -> R = [X|R1] ; R = R1 ), delete(Xs, Y, R1).
list_to_set(L, S) :- '$to_set'(L, [], S).
'$to_set'([], _, []).
'$to_set'([X|Xs], Seen, S) :-
    ( '$occurs'(Seen, X) -> S = S1 ; S = [X|S1] ), '$to_set'(Xs, [X|Seen], S1).
flatten(L, F) :- '$flatten'(L, [], F).
'$flatten'(V, T, [V|T]) :- var(V), !.
'$flatten'([], T, T) :- !.
'$flatten'([H|R], T, F) :- !, '$flatten'(H, F1, F), '$flatten'(R, T, F1).
'$flatten'(A, T, [A|T]).
pairs_keys_values([], [], []).
pairs_keys_values([K-V|T], [K|Ks], [V|Vs]) :- pairs_keys_values(T, Ks, Vs).
pairs_keys([], []).
pairs_keys([K-_|T], [K|Ks]) :- pairs_keys(T, Ks).
pairs_values([], []).
pairs_values([_-V|T], [V|Vs]) :- pairs_values(T, Vs).
sort0(L, S) :- msort(L, S).
list_to_ord_set(L, S) :- sort(L, S).
ord_union(A, B, C) :- append(A, B, L), sort(L, C).
ord_subtract([], _, []).
ord_subtract([X|Xs], L, R) :- ( '$occurs'(L, X) -> R = R1 ; R = [X|R1] ), ord_subtract(Xs, L, R1).
ord_memberchk(X, L) :- '$occurs'(L, X).
concat_atom(L, A) :- atomic_list_concat(L, A).
concat_atom(L, S, A) :- atomic_list_concat(L, S, A).
% Association lists: AA trees, t or t(Key, Value, Level, Left, Right).
empty_assoc(t).
get_assoc(K, t(K1, V1, _, L, R), V) :- compare(O, K, K1), '$get_assoc'(O, K, V, V1, L, R).
'$get_assoc'(=, _, V, V, _, _).
'$get_assoc'(<, K, V, _, L, _) :- get_assoc(K, L, V).
'$get_assoc'(>, K, V, _, _, R) :- get_assoc(K, R, V).
put_assoc(K, t, V, t(K, V, 1, t, t)).
put_assoc(K, t(K1, V1, N, L, R), V, T) :-
    compare(O, K, K1), '$put_assoc'(O, K, V, K1, V1, N, L, R, T).
'$put_assoc'(=, K, V, _, _, N, L, R, t(K, V, N, L, R)).
'$put_assoc'(<, K, V, K1, V1, N, L, R, T) :-
    put_assoc(K, L, V, L1), '$skew'(t(K1, V1, N, L1, R), T0), '$split_tree'(T0, T).
'$put_assoc'(>, K, V, K1, V1, N, L, R, T) :-
    put_assoc(K, R, V, R1), '$skew'(t(K1, V1, N, L, R1), T0), '$split_tree'(T0, T).
'$skew'(t(K, V, N, t(K1, V1, N, A, B), C), T) :- !, T = t(K1, V1, N, A, t(K, V, N, B, C)).
'$skew'(T, T).
'$split_tree'(t(K, V, N, A, t(K1, V1, N, B, t(K2, V2, N, C, D))), T) :- !, N1 is N + 1,
    T = t(K1, V1, N1, t(K, V, N, A, B), t(K2, V2, N, C, D)).
'$split_tree'(T, T).
list_to_assoc(L, A) :- '$list_to_assoc'(L, t, A).
'$list_to_assoc'([], A, A).
'$list_to_assoc'([K-V|T], A0, A) :- put_assoc(K, A0, V, A1), '$list_to_assoc'(T, A1, A).
assoc_to_list(A, L) :- '$assoc_list'(A, [], L).
'$assoc_list'(t, L, L).
'$assoc_list'(t(K, V, _, L, R), T, Out) :- '$assoc_list'(R, T, T1), '$assoc_list'(L, [K-V|T1], Out).
assoc_to_keys(A, Ks) :- assoc_to_list(A, L), pairs_keys(L, Ks).
assoc_to_values(A, Vs) :- assoc_to_list(A, L), pairs_values(L, Vs).
