% Operators and flags.

op(P, T, N) :-
    '$must_be'(integer, P), '$must_be'(atom, T),
    ( P >= 0, P =< 1200 -> true ; '$domain'(operator_priority, P) ),
    ( '$specifier'(T) -> true ; '$domain'(operator_specifier, T) ),
    (   var(N) -> '$inst'
    ;   N = [_|_] -> '$must_be'(list, N), '$ops'(N, P, T)
    ;   atom(N) -> '$ops'([N], P, T)
    ;   '$type'(list, N)
    ).

'$specifier'(T) :- '$memberchk'(T, [xfx, xfy, yfx, fy, fx, xf, yf]).

'$ops'(Ns, P, T) :- '$check_ops'(Ns, P, T), '$add_ops'(Ns, P, T).

'$check_ops'([], _, _).
'$check_ops'([N|Ns], P, T) :- '$must_be'(atom, N), '$check_op'(N, P, T), '$check_ops'(Ns, P, T).

'$check_op'(N, P, T) :-
    (   N == ',' -> '$no_op'(modify, N)
    ;   '$memberchk'(N, [[], {}]) -> '$no_op'(create, N)
    ;   N == '|', \+ ( '$infix'(T), ( P >= 1001 ; P =:= 0 ) ) -> '$no_op'(create, N)
    ;   '$infix'(T), '$has_op'(N, T1), '$postfix'(T1) -> '$no_op'(create, N)
    ;   '$postfix'(T), '$has_op'(N, T1), '$infix'(T1) -> '$no_op'(create, N)
    ;   true
    ).

'$has_op'(N, T) :- '$operators'(N, L), '$member'(op(_, T, _), L).
'$no_op'(A, N) :- throw(error(permission_error(A, operator, N), _)).
'$infix'(xfx). '$infix'(xfy). '$infix'(yfx).
'$postfix'(xf). '$postfix'(yf).
current_op(P, T, N) :-
    (   var(P) -> true
    ;   integer(P), P >= 0, P =< 1200 -> true
    ;   '$domain'(operator_priority, P)
    ),
    ( var(T) -> true ; '$specifier'(T) -> true ; '$domain'(operator_specifier, T) ),
    ( var(N) -> true ; atom(N) -> true ; '$type'(atom, N) ),
    '$operators'(N, L), '$member'(op(P, T, N), L).

char_conversion(A, B) :- '$must_be'(atom, A), '$must_be'(atom, B).
current_char_conversion(A, A) :- ( atom(A) -> true ; '$between'(0, 255, C), char_code(A, C) ).

:- '$dynamic'('$flag_value'/2).
'$flag_value'(bounded, false).
'$flag_value'(max_arity, 255).
'$flag_value'(integer_rounding_function, toward_zero).
'$flag_value'(char_conversion, off).
'$flag_value'(debug, off).
'$flag_value'(unknown, error).
'$flag_value'(double_quotes, codes).
'$flag_value'(occurs_check, false).
'$flag_values'(unknown, [error, fail, warning]).
'$flag_values'(double_quotes, [codes, chars, atom, string]).
'$flag_values'(debug, [on, off]).
'$flag_values'(char_conversion, [on, off]).
'$flag_values'(occurs_check, [false]).
% Integers have no bounds.
'$flag_without_value'(max_integer).
'$flag_without_value'(min_integer).

current_prolog_flag(F, V) :-
    ( var(F) -> true ; '$must_be'(atom, F), '$known_flag'(F) ),
    '$flag_value'(F, V).

'$known_flag'(F) :-
    ( '$flag_value'(F, _) -> true ; '$flag_without_value'(F) -> true ; '$domain'(prolog_flag, F) ).

set_prolog_flag(F, V) :-
    ( var(F) -> '$inst' ; var(V) -> '$inst' ; '$must_be'(atom, F), '$known_flag'(F) ),
    ( '$flag_values'(F, Vs) -> true ; throw(error(permission_error(modify, flag, F), _)) ),
    ( '$memberchk'(V, Vs) -> true ; '$domain'(flag_value, F + V) ),
    '$flag'(F, V), retract('$flag_value'(F, _)), assertz('$flag_value'(F, V)).
