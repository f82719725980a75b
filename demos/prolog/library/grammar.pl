% Grammar rules.

phrase(G, L) :- phrase(G, L, []).
phrase(G, L, R) :- '$must_be'(callable, G), '$partial_list'(L), '$partial_list'(R),
    dcg_body(G, S0, S, B), S0 = L, S = R, call(B).
dcg_translate_rule((H, PB --> B), (H1 :- B1)) :- !, '$must_be'(callable, H),
    '$extend'(H, S0, S, H1), dcg_body(B, S0, S1, B0), '$terminals'(PB, S, S1, B2), B1 = (B0, B2).
dcg_translate_rule((H --> B), (H1 :- B1)) :-
    '$must_be'(callable, H), '$extend'(H, S0, S, H1), dcg_body(B, S0, S, B1).
'$extend'(G, S0, S, G1) :- G =.. L, '$append'(L, [S0, S], L1), G1 =.. L1.
dcg_body(V, S0, S, phrase(V, S0, S)) :- var(V), !.
dcg_body((A, B), S0, S, (A1, B1)) :- !, dcg_body(A, S0, S1, A1), dcg_body(B, S1, S, B1).
dcg_body((A ; B), S0, S, (A1 ; B1)) :- !, dcg_body(A, S0, S, A1), dcg_body(B, S0, S, B1).
dcg_body((A | B), S0, S, (A1 ; B1)) :- !, dcg_body(A, S0, S, A1), dcg_body(B, S0, S, B1).
dcg_body((A -> B), S0, S, (A1 -> B1)) :- !, dcg_body(A, S0, S1, A1), dcg_body(B, S1, S, B1).
dcg_body(\+ A, S0, S, (\+ A1, S0 = S)) :- !, dcg_body(A, S0, _, A1).
dcg_body(!, S0, S, (!, S0 = S)) :- !.
dcg_body([], S0, S, S0 = S) :- !.
dcg_body({G}, S0, S, (G, S0 = S)) :- !.
dcg_body(call(G), S0, S, call(G, S0, S)) :- !.
dcg_body(C, S0, S, C1) :- C =.. [call|As], !, '$append'(As, [S0, S], As1), C1 =.. [call|As1].
dcg_body(L, S0, S, G) :- L = [_|_], !, '$terminals'(L, S0, S, G).
dcg_body(T, S0, S, G) :- string(T), !, string_codes(T, L), '$terminals'(L, S0, S, G).
dcg_body(N, S0, S, N1) :- '$must_be'(callable, N), '$extend'(N, S0, S, N1).
'$terminals'(L, S0, S, S0 = L1) :- '$must_be'(list, L), '$append'(L, S, L1).
:- '$dynamic'(term_expansion/2).
:- '$dynamic'(goal_expansion/2).
expand_term(T, T1) :- ( nonvar(T), term_expansion(T, T0) -> true ; T0 = T ),
    ( nonvar(T0), T0 = (_ --> _) -> dcg_translate_rule(T0, T1) ; T1 = T0 ).

