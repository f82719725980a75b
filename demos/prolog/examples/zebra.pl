% Who owns the zebra?  Five houses, of which fifteen statements are known.

right_of(X, Y, [Y, X|_]).
right_of(X, Y, [_|Hs]) :- right_of(X, Y, Hs).

next_to(X, Y, Hs) :- right_of(X, Y, Hs) ; right_of(Y, X, Hs).

houses(Hs) :-
    Hs = [h(_, norwegian, _, _, _), _, h(_, _, _, milk, _), _, _],
    member(h(red, english, _, _, _), Hs),
    member(h(green, _, _, coffee, _), Hs),
    member(h(_, spanish, dog, _, _), Hs),
    member(h(_, ukrainian, _, tea, _), Hs),
    right_of(h(green, _, _, _, _), h(ivory, _, _, _, _), Hs),
    member(h(_, _, snails, _, winston), Hs),
    member(h(yellow, _, _, _, kools), Hs),
    next_to(h(_, _, _, _, chesterfield), h(_, _, fox, _, _), Hs),
    next_to(h(_, _, _, _, kools), h(_, _, horse, _, _), Hs),
    member(h(_, _, _, orange_juice, lucky), Hs),
    member(h(_, japanese, _, _, parliament), Hs),
    next_to(h(_, norwegian, _, _, _), h(blue, _, _, _, _), Hs),
    member(h(_, _, zebra, _, _), Hs),
    member(h(_, _, _, water, _), Hs).

main :-
    houses(Hs), !,
    member(h(_, Owner, zebra, _, _), Hs),
    member(h(_, Drinker, _, water, _), Hs),
    format("the ~w owns the zebra, the ~w drinks water~n", [Owner, Drinker]),
    forall(member(H, Hs), ( H =.. [_|Known], format("~w~t~9|~w~t~20|~w~t~28|~w~t~41|~w~n", Known) )).
