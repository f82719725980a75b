% Matching patterns with stars against lists of properties, as Gabriel's browse does: a pattern is a list of symbols, star(X),
% which stands for any list, and lists of these.

main :- database(600, Db), investigate(Db, 0, N), N =:= 7400, write(ok), nl.

% Each unit has ten lists, which follow the units' numbers.
database(0, []) :- !.
database(N, [Unit|Db]) :- lists(10, N, Unit), M is N - 1, database(M, Db).

lists(0, _, []) :- !.
lists(K, N, [L|Ls]) :- items(16, N, K, L), J is K - 1, lists(J, N, Ls).

items(0, _, _, []) :- !.
items(I, N, K, [X|Xs]) :- S is (I * K + N) mod 3, item(S, I, X), J is I - 1, items(J, N, K, Xs).

item(0, _, a).
item(1, I, [a, b|T]) :- ( I mod 2 =:= 0 -> T = [a] ; T = [b, a] ).
item(2, _, b).

pattern([star(_), a, star(_), b, star(_), a, star(X), [a, b, star(X)], zz]).
pattern([star(_), b, star(_), [star(_), b, a], star(_)]).
pattern([star(A), star(B), star(B), star(A)]).
pattern([_, _, star(_), [_, star(A), _], star(_), a, star(_)|A]).

investigate([], N, N).
investigate([Unit|Db], N0, N) :- tries(Unit, N0, N1), investigate(Db, N1, N).

tries([], N, N).
tries([L|Ls], N0, N) :- findall(P, pattern(P), Ps), matches(Ps, L, N0, N1), tries(Ls, N1, N).

matches([], _, N, N).
matches([P|Ps], L, N0, N) :- ( match(P, L) -> N1 is N0 + 1 ; N1 = N0 ), matches(Ps, L, N1, N).

match([], []).
match([P|Ps], L) :- nonvar(P), P = star(X), !, part(X, L, Rest), match(Ps, Rest).
match([P|Ps], [X|Xs]) :- match_item(P, X), match(Ps, Xs).

match_item(P, X) :- nonvar(P), P = [_|_], !, nonvar(X), X = [_|_], match(P, X).
match_item(X, X).

part([], L, L).
part([X|Xs], [X|L], Rest) :- part(Xs, L, Rest).
