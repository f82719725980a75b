% All the ways to put eight queens on a board so that none attacks another.

queens(N, Qs) :- numlist(1, N, Ns), place(Ns, [], Qs).

place([], Qs, Qs).
place(Free, Placed, Qs) :-
    select(Q, Free, Rest),
    safe(Placed, Q, 1),
    place(Rest, [Q|Placed], Qs).

safe([], _, _).
safe([P|Ps], Q, D) :-
    Q =\= P + D, Q =\= P - D,
    E is D + 1,
    safe(Ps, Q, E).

main :-
    queens(8, First), !,
    findall(Qs, queens(8, Qs), All), length(All, N),
    format("~w is the first of ~w solutions~n", [First, N]).
