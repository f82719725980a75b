% All ways to put ten queens on a board: permutations, with a test after each choice.

main :- findall(Q, queens(10, Q), L), len(L, 0, 724), write(ok), nl.

queens(N, Qs) :- range(1, N, Ns), place(Ns, [], Qs).

place([], Qs, Qs).
place(Unplaced, Safe, Qs) :-
    sel(Q, Unplaced, Rest), \+ attack(Q, 1, Safe), place(Rest, [Q|Safe], Qs).

attack(X, N, [Y|_]) :- X is Y + N.
attack(X, N, [Y|_]) :- X is Y - N.
attack(X, N, [_|Ys]) :- M is N + 1, attack(X, M, Ys).

sel(X, [X|Xs], Xs).
sel(X, [Y|Ys], [Y|Zs]) :- sel(X, Ys, Zs).

range(N, N, [N]) :- !.
range(L, H, [L|R]) :- M is L + 1, range(M, H, R).

len([], N, N).
len([_|T], M, N) :- M1 is M + 1, len(T, M1, N).
