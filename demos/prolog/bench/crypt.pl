% A multiplication of which only is known which digits are odd and which even:
%
%       O E E
%         E E
%     -------
%     E O E E
%     E O E
%     -------
%     O O E E

main :- times(600), findall(A*B, answer(A, B), L), L == [348*28], write(ok), nl.

times(0) :- !.
times(N) :- findall(x, answer(_, _), _), M is N - 1, times(M).

answer(A, B) :-
    odd(A1), A1 > 0, even(A2), even(A3), A is 100 * A1 + 10 * A2 + A3,
    even(B2), B2 > 0, First is A * B2, shape(First, [odd, even, even, odd], _),
    fail.
answer(A, B) :-
    odd(A1), even(A2), even(A3), A is 100 * A1 + 10 * A2 + A3,
    even(B2), B2 > 0, Upper is A * B2, Upper > 999, shape(Upper, [even, even, odd, even]),
    even(B1), B1 > 0, Lower is A * B1, Lower < 1000, shape(Lower, [even, odd, even]),
    B is 10 * B1 + B2, Product is A * B, Product < 10000, shape(Product, [even, even, odd, odd]).

shape(N, Kinds, N) :- shape(N, Kinds).

% The kinds of the digits, the last one first.
shape(0, []) :- !.
shape(N, [K|Ks]) :- D is N mod 10, kind(D, K), M is N // 10, shape(M, Ks).

kind(D, odd) :- odd(D).
kind(D, even) :- even(D).

odd(1). odd(3). odd(5). odd(7). odd(9).
even(0). even(2). even(4). even(6). even(8).
