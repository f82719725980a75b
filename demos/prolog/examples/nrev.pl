% Naive reverse: the oldest of Prolog's benchmarks.

app([], L, L).
app([X|Xs], L, [X|Ys]) :- app(Xs, L, Ys).

nrev([], []).
nrev([X|Xs], R) :- nrev(Xs, R0), app(R0, [X], R).

times(0, _) :- !.
times(N, L) :- nrev(L, _), M is N - 1, times(M, L).

main :-
    numlist(1, 30, L),
    times(20000, L),
    nrev(L, R),
    write(R), nl.
