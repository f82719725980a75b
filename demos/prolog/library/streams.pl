% Streams, characters and bytes.

open(F, M, S) :- open(F, M, S, []).

open(F, M, S, Os) :-
    ( var(F) -> '$inst' ; var(M) -> '$inst' ; true ),
    '$must_be'(list, Os), '$open_options'(Os, text, error, Type, Eof, Aliases),
    '$must_be'(atom, M), ( '$memberchk'(M, [read, write, append]) -> true ; '$domain'(io_mode, M) ),
    ( nonvar(S) -> throw(error(uninstantiation_error(S), _)) ; true ),
    ( atom(F) -> true ; '$domain'(source_sink, F) ),
    '$check_aliases'(Aliases), '$open'(F, M, S, Type, Eof), '$aliases'(Aliases, S).

'$open_options'([], T, E, T, E, []).
'$open_options'([O|Os], T0, E0, T, E, As) :-
    (   var(O) -> '$inst'
    ;   O = type(X), '$memberchk'(X, [text, binary]) -> '$open_options'(Os, X, E0, T, E, As)
    ;   O = eof_action(X), '$memberchk'(X-Y, [error-error, eof_code-code, reset-reset]) ->
        '$open_options'(Os, T0, Y, T, E, As)
    ;   O = alias(A), atom(A) -> As = [A|As1], '$open_options'(Os, T0, E0, T, E, As1)
    ;   '$memberchk'(O, [reposition(_), encoding(_), create(_), bom(_)]) ->
        '$open_options'(Os, T0, E0, T, E, As)
    ;   '$domain'(stream_option, O)
    ).

'$check_aliases'([]).
'$check_aliases'([A|As]) :- '$check_alias'(A), '$check_aliases'(As).

'$aliases'([], _).
'$aliases'([A|As], S) :- '$alias'(S, A), '$aliases'(As, S).

close(S) :- '$close'(S).
close(S, Os) :-
    '$must_be'(list, Os), '$close_options'(Os), '$close'(S).

'$close_options'([]).
'$close_options'([O|Os]) :-
    ( var(O) -> '$inst' ; O = force(_) -> true ; '$domain'(close_option, O) ),
    '$close_options'(Os).

flush_output :- current_output(S), flush_output(S).
stream_property(S, P) :-
    ( var(S) -> '$streams'(L), '$member'(S, L) ; '$is_stream'(S) -> true ; '$domain'(stream, S) ),
    ( var(P) -> true ; '$stream_property'(P) -> true ; '$domain'(stream_property, P) ),
    '$stream_properties'(S, [A, F, M, T, L1, E, Eof, IO]),
    ( A == [] -> Ps = Ps1 ; Ps = [alias(A)|Ps1] ),
    ( F == [] -> Ps1 = Ps2 ; Ps1 = [file_name(F)|Ps2] ),
    (   '$position'(S, O, L1, C) -> Ps2 = [position('$position'(O, L1, C)), reposition(true)]
    ;   Ps2 = [reposition(false)]
    ),
    '$member'(P, [IO, mode(M), type(T), line(L1), end_of_stream(E), eof_action(Eof)|Ps]).

'$stream_property'(P) :-
    '$memberchk'(P, [input, output, mode(_), type(_), line(_), end_of_stream(_), eof_action(_),
                     alias(_), file_name(_), position(_), reposition(_)]).

set_stream_position(S, P) :-
    ( var(S) -> '$inst' ; var(P) -> '$inst' ; P = '$position'(O, L, C) -> true ; '$domain'(stream_position, P) ),
    (   '$set_position'(S, O, L, C) -> true
    ;   throw(error(permission_error(reposition, stream, S), _))
    ).

line_count(S, N) :- '$stream_properties'(S, [_, _, _, _, N|_]).
at_end_of_stream :- current_input(S), at_end_of_stream(S).
at_end_of_stream(S) :- '$stream_properties'(S, [_, _, _, T, _, E|_]),
    (   E == past -> true
    ;   T == binary -> '$peek_byte'(S, -1)
    ;   '$peek_code'(S, -1)
    ).

% ---- Characters and bytes

get_char(C) :- current_input(S), get_char(S, C).
get_char(S, C) :- '$char_or_var'(C), '$get_char'(S, C).
peek_char(C) :- current_input(S), peek_char(S, C).
peek_char(S, C) :- '$char_or_var'(C), '$peek_char'(S, C).
get_code(C) :- current_input(S), get_code(S, C).
get_code(S, C) :- '$code_or_var'(C), '$get_code'(S, C).
peek_code(C) :- current_input(S), peek_code(S, C).
peek_code(S, C) :- '$code_or_var'(C), '$peek_code'(S, C).
get_byte(C) :- current_input(S), get_byte(S, C).
get_byte(S, C) :- '$byte_or_var'(C), '$get_byte'(S, C).
peek_byte(C) :- current_input(S), peek_byte(S, C).
peek_byte(S, C) :- '$byte_or_var'(C), '$peek_byte'(S, C).

'$code_or_var'(C) :-
    '$or_var'(integer, C),
    (   var(C) -> true
    ;   C >= -1, C =< 0x10ffff -> true
    ;   throw(error(representation_error(in_character_code), _))
    ).
'$byte_or_var'(C) :-
    ( var(C) -> true ; integer(C), C >= -1, C =< 255 -> true ; '$type'(in_byte, C) ).
'$char_or_var'(C) :-
    (   var(C) -> true
    ;   atom(C), ( C == end_of_file ; atom_length(C, 1) ) -> true
    ;   '$type'(in_character, C)
    ).

put_char(C) :- current_output(S), put_char(S, C).
put_char(S, C) :- ( var(C) -> '$inst' ; char_code(C, X) ), '$put_code'(S, X).
put_byte(C) :- current_output(S), put_byte(S, C).
put_byte(S, C) :-
    ( var(C) -> '$inst' ; integer(C), C >= 0, C =< 255 -> true ; '$type'(byte, C) ),
    '$put_byte'(S, C).
put_code(C) :- current_output(S), put_code(S, C).
put_code(S, C) :- '$must_be'(integer, C),
    ( C >= 0, C =< 0x10ffff -> true ; throw(error(representation_error(character_code), _)) ),
    '$put_code'(S, C).
nl :- current_output(S), '$put_code'(S, 10).
nl(S) :- '$put_code'(S, 10).
tab(N) :- current_output(S), tab(S, N).
tab(S, N) :- M is N, '$tab'(M, S).
'$tab'(N, S) :- ( N > 0 -> '$put_code'(S, 32), N1 is N - 1, '$tab'(N1, S) ; true ).
