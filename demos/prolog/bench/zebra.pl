% Who keeps the zebra, who drinks water?  Unification of a list of five partial houses.

main :- times(300), puzzle(Z, W), Z == japanese, W == norwegian, write(ok), nl.

times(0) :- !.
times(N) :- puzzle(_, _), M is N - 1, times(M).

puzzle(Zebra, Water) :-
    Hs = [house(norwegian, _, _, _, _), _, house(_, _, milk, _, _), _, _],
    mem(house(english, red, _, _, _), Hs),
    mem(house(spanish, _, _, dog, _), Hs),
    mem(house(_, green, coffee, _, _), Hs),
    mem(house(ukrainian, _, tea, _, _), Hs),
    right(house(_, green, _, _, _), house(_, ivory, _, _, _), Hs),
    mem(house(_, _, _, snails, winston), Hs),
    mem(house(_, yellow, _, _, kools), Hs),
    next(house(_, _, _, _, chesterfield), house(_, _, _, fox, _), Hs),
    next(house(_, _, _, _, kools), house(_, _, _, horse, _), Hs),
    mem(house(_, _, juice, _, lucky), Hs),
    mem(house(japanese, _, _, _, parliament), Hs),
    next(house(norwegian, _, _, _, _), house(_, blue, _, _, _), Hs),
    mem(house(Zebra, _, _, zebra, _), Hs),
    mem(house(Water, _, water, _, _), Hs), !.

mem(X, [X|_]).
mem(X, [_|Ys]) :- mem(X, Ys).

right(A, B, [B, A|_]).
right(A, B, [_|Hs]) :- right(A, B, Hs).

next(A, B, Hs) :- right(A, B, Hs).
next(A, B, Hs) :- right(B, A, Hs).
