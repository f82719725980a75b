% (1 + x + y + z) to the tenth power.  A polynomial is a number or p(Variable, [t(Exponent, Coefficient)...]), with the
% exponents in order and coefficients without that variable.

main :-
    times(25), base(P), power(10, P, Q), value(Q, V), V =:= 4 ** 10, write(ok), nl.

times(0) :- !.
times(N) :- base(P), power(10, P, _), M is N - 1, times(M).

base(P) :- add(p(x, [t(1, 1)]), 1, P1), add(p(y, [t(1, 1)]), P1, P2), add(p(z, [t(1, 1)]), P2, P).

power(0, _, 1) :- !.
power(N, P, R) :- M is N - 1, power(M, P, Q), multiply(P, Q, R).

add(p(V, Ts), p(W, Us), R) :- !, compare(O, V, W), add(O, V, Ts, W, Us, R).
add(p(V, Ts), C, p(V, Us)) :- !, add_terms(Ts, [t(0, C)], Us).
add(C, p(V, Ts), p(V, Us)) :- !, add_terms([t(0, C)], Ts, Us).
add(A, B, C) :- C is A + B.

add(=, V, Ts, _, Us, p(V, Rs)) :- add_terms(Ts, Us, Rs).
add(<, V, Ts, W, Us, p(V, Rs)) :- add_terms(Ts, [t(0, p(W, Us))], Rs).
add(>, V, Ts, W, Us, p(W, Rs)) :- add_terms([t(0, p(V, Ts))], Us, Rs).

add_terms([], Us, Us) :- !.
add_terms(Ts, [], Ts) :- !.
add_terms([t(E, C)|Ts], [t(F, D)|Us], Rs) :- compare(O, E, F), add_terms(O, E, C, Ts, F, D, Us, Rs).

add_terms(=, E, C, Ts, _, D, Us, [t(E, S)|Rs]) :- add(C, D, S), add_terms(Ts, Us, Rs).
add_terms(<, E, C, Ts, F, D, Us, [t(E, C)|Rs]) :- add_terms(Ts, [t(F, D)|Us], Rs).
add_terms(>, E, C, Ts, F, D, Us, [t(F, D)|Rs]) :- add_terms([t(E, C)|Ts], Us, Rs).

multiply(p(V, Ts), p(W, Us), R) :- !, compare(O, V, W), multiply(O, V, Ts, W, Us, R).
multiply(p(V, Ts), C, p(V, Us)) :- !, scale(Ts, 0, C, Us).
multiply(C, p(V, Ts), p(V, Us)) :- !, scale(Ts, 0, C, Us).
multiply(A, B, C) :- C is A * B.

multiply(=, V, Ts, _, Us, p(V, Rs)) :- multiply_terms(Ts, Us, Rs).
multiply(<, V, Ts, W, Us, p(V, Rs)) :- scale(Ts, 0, p(W, Us), Rs).
multiply(>, V, Ts, W, Us, p(W, Rs)) :- scale(Us, 0, p(V, Ts), Rs).

multiply_terms([], _, []).
multiply_terms([t(E, C)|Ts], Us, Rs) :- scale(Us, E, C, R1), multiply_terms(Ts, Us, R2), add_terms(R1, R2, Rs).

scale([], _, _, []).
scale([t(F, D)|Us], E, C, [t(G, P)|Rs]) :- G is E + F, multiply(C, D, P), scale(Us, E, C, Rs).

% Where all variables are 1.
value(p(_, Ts), V) :- !, values(Ts, 0, V).
value(C, C).

values([], V, V).
values([t(_, C)|Ts], V0, V) :- value(C, D), V1 is V0 + D, values(Ts, V1, V).
