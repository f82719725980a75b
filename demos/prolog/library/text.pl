% Atoms, strings, and text in general.

% ---- Atoms

atom_concat(A, B, C) :- nonvar(A), nonvar(B), !,
    '$text'(A), '$text'(B), ( var(C) -> true ; '$text'(C) ), '$concat'(A, B, C).
atom_concat(A, B, C) :-
    ( var(A) -> true ; '$text'(A) ), ( var(B) -> true ; '$text'(B) ),
    ( var(C) -> '$inst' ; '$text'(C) ),
    '$atom'(C, C1), '$concat_parts'(A, B, C1).

'$text'(X) :- ( atomic(X) -> true ; '$type'(atom, X) ).

'$concat_parts'(A, B, C) :- nonvar(A), !,
    '$atom'(A, A1), '$text_length'(A1, N), '$sub_atom'(C, 0, N, M, A1), '$sub_text'(C, N, M, B).
'$concat_parts'(A, B, C) :- nonvar(B), !,
    '$atom'(B, B1), '$text_length'(B1, N), '$sub_atom'(C, M, N, 0, B1), '$sub_text'(C, 0, M, A).
'$concat_parts'(A, B, C) :-
    '$text_length'(C, N), '$between'(0, N, M), K is N - M,
    '$sub_text'(C, 0, M, A), '$sub_text'(C, M, K, B).

sub_atom(A, B, L, F, S) :-
    ( var(A) -> '$inst' ; '$atom_or_string'(A) ), ( var(S) -> true ; '$atom_or_string'(S) ),
    '$count'(B), '$count'(L), '$count'(F), '$sub_atom'(A, B, L, F, S).

'$atom_or_string'(X) :- ( atom(X) -> true ; string(X) -> true ; '$type'(atom, X) ).

'$count'(X) :-
    '$or_var'(integer, X),
    ( integer(X), X < 0 -> '$domain'(not_less_than_zero, X) ; true ).

'$sub_atom'(A, B, L, F, S) :- '$text_length'(A, N), '$sub_atom'(A, N, B, L, F, S).

'$sub_atom'(A, N, B, L, F, S) :- nonvar(S), !, '$atom'(S, S1), '$text_length'(S1, L),
    (   integer(B) -> F is N - L - B, F >= 0, '$sub_text'(A, B, L, S1)
    ;   integer(F) -> B is N - L - F, B >= 0, '$sub_text'(A, B, L, S1)
    ;   '$find'(A, S1, 0, B), F is N - L - B
    ).
'$sub_atom'(A, N, B, L, F, S) :-
    (   integer(B), integer(L) -> F is N - B - L, F >= 0
    ;   integer(B), integer(F) -> L is N - B - F, L >= 0
    ;   integer(L), integer(F) -> B is N - L - F, B >= 0
    ;   integer(B) -> M is N - B, M >= 0, '$between'(0, M, L), F is M - L
    ;   integer(L) -> M is N - L, M >= 0, '$between'(0, M, B), F is M - B
    ;   integer(F) -> M is N - F, M >= 0, '$between'(0, M, B), L is M - B
    ;   '$between'(0, N, B), M is N - B, '$between'(0, M, L), F is M - L
    ),
    '$sub_text'(A, B, L, S).

'$find'(A, S, From, B) :-
    '$text_length'(A, N), From =< N, '$find_text'(A, S, From, B0),
    ( B = B0 ; B1 is B0 + 1, '$find'(A, S, B1, B) ).

atomic_list_concat(L, A) :- '$join'(L, '', A).

atomic_list_concat(L, Sep, A) :-
    '$skip_list'(L, _, T), T == [], ground(L), !, '$join'(L, Sep, A).
atomic_list_concat(L, Sep, A) :-
    ( var(A) -> '$inst' ; Sep == '' -> '$domain'(non_empty_atom, Sep) ; true ),
    '$split'(A, Sep, L).

% ---- Strings

string_length(S, N) :- '$text_length'(S, N).
string_chars(S, Cs) :- ( var(S) -> atom_chars(A, Cs), '$string'(A, S) ; atom_chars(S, Cs) ).
string_codes(S, Cs) :- ( var(S) -> atom_codes(A, Cs), '$string'(A, S) ; atom_codes(S, Cs) ).
string_to_atom(S, A) :- ( var(S) -> '$string'(A, S) ; '$atom'(S, A) ).
atom_string(A, S) :- ( var(A) -> '$atom'(S, A) ; '$string'(A, S0), '$same_text'(S, S0) ).
number_string(N, S) :- ( var(S) -> '$string'(N, S) ; '$atom'(S, A), atom_number(A, N) ).
term_string(S, T) :- ( var(S) -> term_to_atom(T, A), '$string'(A, S) ; term_to_atom(T, S) ).
term_to_string(T, S) :- term_string(S, T).
text_to_string(T, S) :- ( var(T) -> '$inst' ; T == [] -> '$string'('', S) ; '$string'(T, S) ).
string_upper(S, U) :- upcase_atom(S, A), '$string'(A, U).
string_lower(S, L) :- downcase_atom(S, A), '$string'(A, L).
string_code(I, S, C) :-
    '$must_be'(integer, I), I > 0, I0 is I - 1,
    '$text_length'(S, N), I0 < N, '$sub_text'(S, I0, 1, A), char_code(A, C).

'$same_text'(S, S0) :- ( var(S) -> S = S0 ; '$string'(S, S0) ).

string_concat(A, B, C) :- nonvar(A), nonvar(B), !,
    '$concat'(A, B, D), '$string'(D, E), '$same_text'(C, E).
string_concat(A, B, C) :-
    ( var(C) -> '$inst' ; '$atom'(C, C1) ),
    ( var(A) -> true ; '$atom'(A, A1) ), ( var(B) -> true ; '$atom'(B, B1) ),
    '$concat_parts'(A1, B1, C1), '$part'(A, A1), '$part'(B, B1).

'$part'(S, A) :- ( var(S) -> '$string'(A, S) ; true ).

text_concat(A, B, C) :- ( string(A) ; string(B) ; string(C) ), !, string_concat(A, B, C).
text_concat(A, B, C) :- atom_concat(A, B, C).

sub_string(S, B, L, F, Sub) :-
    ( var(S) -> '$inst' ; '$atom'(S, A) ), '$count'(B), '$count'(L), '$count'(F),
    ( var(Sub) -> true ; '$atom'(Sub, SubA) ),
    '$sub_atom'(A, B, L, F, SubA), ( var(Sub) -> '$string'(SubA, Sub) ; true ).

% split_string(Text, Separators, Padding, Strings)
split_string(S, Seps, Pad, Ss) :-
    atom_codes(S, Cs), atom_codes(Seps, SepCs), atom_codes(Pad, PadCs),
    '$fields'(Cs, SepCs, Rest, Rest, Fields), '$strip_fields'(Fields, PadCs, Ss).

'$fields'([], _, F, [], [F]).
'$fields'([C|Cs], Seps, F, T, Fs) :-
    (   '$memberchk'(C, Seps) -> T = [], Fs = [F|Fs1], '$fields'(Cs, Seps, R, R, Fs1)
    ;   T = [C|T1], '$fields'(Cs, Seps, F, T1, Fs)
    ).

'$strip_fields'([], _, []).
'$strip_fields'([F|Fs], Pad, [S|Ss]) :-
    '$strip_front'(F, Pad, F1), '$reverse'(F1, [], R),
    '$strip_front'(R, Pad, R1), '$reverse'(R1, [], F2),
    string_codes(S, F2), '$strip_fields'(Fs, Pad, Ss).

'$strip_front'([C|Cs], Pad, R) :- '$memberchk'(C, Pad), !, '$strip_front'(Cs, Pad, R).
'$strip_front'(Cs, _, Cs).

'$reverse'([], R, R).
'$reverse'([X|Xs], A, R) :- '$reverse'(Xs, [X|A], R).

% ---- Terms as text

term_to_atom(T, A) :- ( nonvar(T) -> '$to_text'(writeq(T), A) ; '$from_text'(A, T, _) ).
sformat(A, F, As) :- '$to_text'(format(F, As), A).
read_term_from_atom(A, T, _) :- '$from_text'(A, T, _).

'$from_text'(A, T, Names) :-
    ( var(A) -> '$inst' ; true ),
    atomic_list_concat([A, ' .'], Text), '$from_clause'(Text, T, Names).

'$from_clause'(Text, T, Names) :-
    '$memory_input'(Text, S), '$read'(S, T, Names, _, _), '$close'(S).

'$to_text'(G, A) :-
    current_output(Old), '$memory_output'(S), set_output(S),
    ( catch(G, E, true) -> true ; E = '$failed' ),
    set_output(Old), '$memory_text'(S, A0),
    ( var(E) -> A = A0 ; E == '$failed' -> fail ; throw(E) ).

with_output_to(Sink, G) :- '$to_text'(once(G), A), '$sink'(Sink, A).

'$is_sink'(S) :- nonvar(S), '$memberchk'(S, [atom(_), codes(_), chars(_), string(_)]).

'$sink'(atom(A), A).
'$sink'(codes(C), A) :- atom_codes(A, C).
'$sink'(chars(C), A) :- atom_chars(A, C).
'$sink'(string(S), A) :- '$string'(A, S).

% ---- Characters

char_type(C, T) :- char_code(C, X), '$type_of_char'(T, X).
code_type(X, T) :- '$type_of_char'(T, X).

'$type_of_char'(T, X) :- var(T), !,
    '$member'(T, [alpha, alnum, digit, space, white, upper, lower, punct, graph, csym, csymf]),
    '$char_type'(X, T).
'$type_of_char'(digit(W), X) :- !, '$char_type'(X, digit), W is X - 0'0.
'$type_of_char'(to_lower(L), X) :- !, char_code(C, X), downcase_atom(C, L).
'$type_of_char'(to_upper(U), X) :- !, char_code(C, X), upcase_atom(C, U).
'$type_of_char'(T, X) :- '$char_type'(X, T).
