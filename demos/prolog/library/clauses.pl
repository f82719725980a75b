% Clauses and predicates.

clause(H, B) :-
    '$must_be'(callable, H), ( var(B) -> true ; callable(B) -> true ; '$type'(callable, B) ),
    '$clauses'(H, access, C), '$each_clause'(C, R), '$clause'(R, H, B).
'$each_clause'(C, R) :- '$next_clause'(C, R0, More), '$each_clause'(More, C, R0, R).
'$each_clause'(false, _, R, R).
'$each_clause'(true, _, R, R).
'$each_clause'(true, C, _, R) :- '$each_clause'(C, R).
retract(C) :-
    ( C = (H :- B) -> true ; C = H, B = true ), '$must_be'(callable, H),
    '$clauses'(H, modify, Cursor), '$each_clause'(Cursor, R), '$clause'(R, H, B), '$erase'(R).
retractall(H) :-
    '$must_be'(callable, H), functor(H, N, A), '$new_dynamic'(N/A),
    (   '$clauses'(H, modify, C), '$each_clause'(C, R), '$clause'(R, H, _), '$erase'(R), fail
    ;   true
    ).
'$new_dynamic'(N/A) :- '$predicates'(N, L), '$memberchk'(p(N/A, _), L), !.
'$new_dynamic'(PI) :- '$dynamic'(PI).
dynamic(L) :- '$each_indicator'(L, '$dynamic').
discontiguous(L) :- '$each_indicator'(L, '$ignored').
multifile(L) :- '$each_indicator'(L, '$ignored').
'$ignored'(_).
'$each_indicator'(L, _) :- var(L), !, '$inst'.
'$each_indicator'([], _) :- !.
'$each_indicator'([H|T], G) :- !, '$each_indicator'(H, G), '$each_indicator'(T, G).
'$each_indicator'((A, B), G) :- !, '$each_indicator'(A, G), '$each_indicator'(B, G).
'$each_indicator'(PI, G) :- call(G, PI).
current_predicate(PI) :-
    (   var(PI) -> true
    ;   PI = N/A -> '$or_var'(atom, N), '$or_var'(integer, A)
    ;   '$type'(predicate_indicator, PI)
    ),
    ( PI = N/_ -> true ; true ), '$predicates'(N, L), '$member'(p(PI, Ps), L),
    '$memberchk'(user, Ps), '$memberchk'(program, Ps).
predicate_property(H, P) :-
    ( callable(H) -> functor(H, N, A) ; true ), '$predicates'(N, L), '$member'(p(N/A, Ps), L),
    functor(H, N, A), '$member'(P, [defined|Ps]).
listing(N/A) :- !, functor(H, N, A), '$predicates'(N, L), '$memberchk'(p(N/A, Ps), L),
    ( '$memberchk'(dynamic, Ps) -> portray_clause((:- dynamic N/A)) ; true ),
    (   '$clauses'(H, list, C), '$each_clause'(C, R), '$clause'(R, H, B),
        portray_clause((H :- B)), fail
    ;   true
    ),
    nl.
listing(N) :- '$predicates'(N, L), ( '$member'(p(PI, _), L), listing(PI), fail ; true ).
portray_clause(C) :- current_output(S), portray_clause(S, C).
portray_clause(S, C) :- \+ \+ ( numbervars(C, 0, _), '$portray'(S, C) ).
'$portray'(S, (H :- true)) :- !, '$w'(S, H), write(S, '.'), nl(S).
'$portray'(S, (H :- B)) :- !, '$w'(S, H), write(S, ' :-'), '$body'(S, B, 1), write(S, '.'), nl(S).
'$portray'(S, C) :- '$w'(S, C), write(S, '.'), nl(S).
'$w'(S, T) :- '$write'(S, T, 5, 999).
'$body'(S, (A, B), I) :- !, '$body'(S, A, I), write(S, ','), '$body'(S, B, I).
'$body'(S, G, I) :- nl(S), N is 4 * I, tab(S, N), '$w'(S, G).

