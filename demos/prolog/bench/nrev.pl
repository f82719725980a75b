% Naive reverse of thirty elements.

main :- range(1, 30, L), times(40000, L), nrev(L, R), range(1, 30, S), rev(S, [], R), write(ok), nl.

times(0, _) :- !.
times(N, L) :- \+ \+ nrev(L, _), M is N - 1, times(M, L).

nrev([], []).
nrev([X|Xs], R) :- nrev(Xs, R0), app(R0, [X], R).

app([], L, L).
app([X|Xs], L, [X|Ys]) :- app(Xs, L, Ys).

rev([], R, R).
rev([X|Xs], A, R) :- rev(Xs, [X|A], R).

range(N, N, [N]) :- !.
range(L, H, [L|R]) :- M is L + 1, range(M, H, R).
