% A calculator: a grammar turns characters into an expression, and is/2 evaluates that.

expression(E) --> term(T), expression_rest(T, E).

expression_rest(A, E) --> "+", !, term(B), expression_rest(A + B, E).
expression_rest(A, E) --> "-", !, term(B), expression_rest(A - B, E).
expression_rest(E, E) --> [].

term(E) --> power(P), term_rest(P, E).

term_rest(A, E) --> "*", !, power(B), term_rest(A * B, E).
term_rest(A, E) --> "/", !, power(B), term_rest(A // B, E).
term_rest(E, E) --> [].

power(E) --> factor(A), ( "^" -> power(B), { E = A ** B } ; { E = A } ).

factor(E) --> "(", !, expression(E), ")".
factor(-E) --> "-", !, factor(E).
factor(N) --> digits(Ds), { Ds = [_|_], number_codes(N, Ds) }.

digits([D|Ds]) --> [D], { D >= 0'0, D =< 0'9 }, !, digits(Ds).
digits([]) --> [].

calculate(Text) :-
    atom_codes(Text, Codes),
    exclude(=:=(0' ), Codes, Dense),
    (   phrase(expression(E), Dense) ->
        catch(( Value is E, format("~w = ~w~n", [Text, Value]) ), error(Why, _),
              format("~w: ~q~n", [Text, Why]))
    ;   format("~w: not an expression~n", [Text])
    ).

main :-
    maplist(calculate,
            ['1 + 2 * 3', '(1 + 2) * 3', '2 ^ 3 ^ 2', '2 ^ 200 - 1', '7 - 3 - 2', '-(4 - 10) / 4',
             '1 / (2 - 2)', '1 +', '12345678901234567890 * 98765432109876543210']).
