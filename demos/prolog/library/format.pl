% format/2: a text as a list of codes, with what fills columns among them, the last first.

format(F) :- format(F, []).
format(F, As) :- current_output(S), format(S, F, As).
format(S, F, As) :- '$is_sink'(S), !, '$to_text'(format(F, As), A), '$sink'(S, A).
format(S, F, As) :-
    ( '$skip_list'(As, _, []) -> L = As ; L = [As] ),
    '$codes'(F, Cs), '$column'(S, Col), '$fmt'(Cs, L, Col, [], Out), '$put_all'(Out, S).
'$codes'(F, Cs) :-
    (   F = [X|_], integer(X) -> Cs = F
    ;   F == [] -> Cs = []
    ;   F = [_|_] -> atom_chars(A, F), atom_codes(A, Cs)
    ;   atom_codes(F, Cs)
    ).
'$put_all'([], _).
'$put_all'([C|Cs], S) :- '$put_code'(S, C), '$put_all'(Cs, S).
'$format_error'(M) :- throw(error(format(M), _)).
'$fmt'([], As, _, Seg, Out) :-
    ( As == [] -> true ; '$format_error'('too many arguments') ), '$flat'(Seg, [], Out).
'$fmt'([0'~|Cs], As, Col, Seg, Out) :- !, '$fmt_number'(Cs, As, As1, N, Cs1),
    ( Cs1 = [D|Cs2] -> true ; '$format_error'('truncated directive') ),
    '$directive'(D, N, As1, As2, Cs2, Col, Seg, Out).
'$fmt'([10|Cs], As, _, Seg, Out) :- !, '$flat'(Seg, [10|Out1], Out), '$fmt'(Cs, As, 0, [], Out1).
'$fmt'([C|Cs], As, Col, Seg, Out) :- '$fmt'(Cs, As, Col, [C|Seg], Out).
'$fmt_number'([0'`, C|Cs], As, As, C, Cs) :- !.
'$fmt_number'([0'*|Cs], As, As1, N, Cs) :- !,
    ( As = [N|As1] -> true ; '$format_error'('not enough arguments') ).
'$fmt_number'([D|Cs], As, As, N, Rest) :- D >= 0'0, D =< 0'9, !, '$digits'([D|Cs], 0, N, Rest).
'$fmt_number'(Cs, As, As, none, Cs).
'$digits'([D|Cs], N0, N, Rest) :- D >= 0'0, D =< 0'9, !,
    N1 is N0 * 10 + D - 0'0, '$digits'(Cs, N1, N, Rest).
'$digits'(Cs, N, N, Cs).
'$flat'([], Out, Out).
'$flat'([X|Xs], Tail, Out) :- ( integer(X) -> '$flat'(Xs, [X|Tail], Out) ; '$flat'(Xs, Tail, Out) ).
'$directive'(0'~, _, As, As, Cs, Col, Seg, Out) :- !, '$fmt'(Cs, As, Col, [0'~|Seg], Out).
'$directive'(0'n, N, As, As, Cs, _, Seg, Out) :- !,
    ( N == none -> K = 1 ; K = N ), '$repeat'(K, 10, Out1, Nls),
    '$flat'(Seg, Nls, Out), '$fmt'(Cs, As, 0, [], Out1).
'$directive'(0't, N, As, As, Cs, Col, Seg, Out) :- !,
    ( N == none -> F = 32 ; F = N ), '$fmt'(Cs, As, Col, [fill(F)|Seg], Out).
'$directive'(0'|, N, As, As, Cs, Col, Seg, Out) :- !,
    '$width'(Seg, 0, W), ( N == none -> To is Col + W ; To = N ),
    '$stop'(To, W, As, Cs, Col, Seg, Out).
'$directive'(0'+, N, As, As, Cs, Col, Seg, Out) :- !,
    '$width'(Seg, 0, W), ( N == none -> To is Col + 8 ; To is Col + N ),
    '$stop'(To, W, As, Cs, Col, Seg, Out).
'$directive'(0'i, _, [_|As], As, Cs, Col, Seg, Out) :- !, '$fmt'(Cs, As, Col, Seg, Out).
'$directive'(D, N, As, As1, Cs, Col, Seg, Out) :-
    (   As = [A|As1] -> true
    ;   '$memberchk'(D, `wpqadDeEfgscrRW`) -> '$format_error'('not enough arguments')
    ;   true
    ),
    (   '$formatted'(D, N, A, Text) -> true
    ;   char_code(C, D), throw(error(existence_error(format_control, C), _))
    ),
    '$reverse_onto'(Text, Seg, Seg1), '$fmt'(Cs, As1, Col, Seg1, Out).
'$reverse_onto'([], S, S).
'$reverse_onto'([C|Cs], S0, S) :- '$reverse_onto'(Cs, [C|S0], S).
'$repeat'(0, _, T, T) :- !.
'$repeat'(N, C, T, [C|L]) :- N1 is N - 1, '$repeat'(N1, C, T, L).
'$width'([], W, W).
'$width'([X|Xs], W0, W) :- ( integer(X) -> W1 is W0 + 1 ; W1 = W0 ), '$width'(Xs, W1, W).
'$stop'(To, W, As, Cs, Col, Seg, Out) :-
    Pad0 is To - Col - W, Pad is max(0, Pad0),
    findall(x, '$member'(fill(_), Seg), Fs), length(Fs, K),
    ( K =:= 0 -> '$repeat'(Pad, 32, Out1, Padding), '$flat'(Seg, Padding, Out)
    ; '$spread'(Seg, Pad, K, Out1, Out) ),
    New is max(To, Col + W), '$fmt'(Cs, As, New, [], Out1).
'$spread'([], _, _, Out, Out).
'$spread'([X|Xs], Pad, K, Tail, Out) :-
    ( X = fill(C) -> Here is Pad - Pad * (K - 1) // K, Rest is Pad - Here, K1 is max(1, K - 1),
      '$repeat'(Here, C, Tail, L), '$spread'(Xs, Rest, K1, L, Out)
    ; '$spread'(Xs, Pad, K, [X|Tail], Out) ).
'$formatted'(0'w, _, A, T) :- '$text_codes'(write(A), T).
'$formatted'(0'p, _, A, T) :- '$text_codes'(print(A), T).
'$formatted'(0'q, _, A, T) :- '$text_codes'(writeq(A), T).
'$formatted'(0'W, _, A, T) :- '$text_codes'(write(A), T).
'$formatted'(0'a, _, A, T) :- ( var(A) -> '$inst' ; atom_codes(A, T) ).
'$formatted'(0's, _, A, T) :- '$codes'(A, T).
'$formatted'(0'c, N, A, T) :- ( N == none -> K = 1 ; K = N ), '$repeat'(K, A, [], T).
'$formatted'(0'd, N, A, T) :-
    '$format_integer'(A), '$digit_text'(A, N, S, Is, Fs),
    '$append'(S, Is, T0), '$append'(T0, Fs, T).
'$formatted'(0'D, N, A, T) :- '$format_integer'(A), '$digit_text'(A, N, S, Is, Fs),
    length(Is, L), '$commas'(Is, L, Is1), '$append'(S, Is1, T0), '$append'(T0, Fs, T).
'$formatted'(0'r, N, A, T) :- '$radix'(A, N, 0'a, T).
'$formatted'(0'R, N, A, T) :- '$radix'(A, N, 0'A, T).
'$formatted'(0'f, N, A, T) :- '$float_text'(0'f, N, A, T).
'$formatted'(0'e, N, A, T) :- '$float_text'(0'e, N, A, T).
'$formatted'(0'g, N, A, T) :- '$float_text'(0'g, N, A, T).
'$format_integer'(A) :- ( var(A) -> '$inst' ; integer(A) -> true ; '$type'(integer, A) ).
'$text_codes'(G, Cs) :- '$to_text'(G, A), atom_codes(A, Cs).
'$digit_text'(A, N, S, Is, Fs) :-
    B is abs(A), ( A < 0 -> S = "-" ; S = [] ), number_codes(B, Ds),
    ( ( N == none ; N =:= 0 ) -> Is = Ds, Fs = []
    ; length(Ds, L), Z is max(0, N + 1 - L), '$repeat'(Z, 0'0, Ds, Ds1), length(Ds1, L1), K is L1 - N,
      length(Is, K), '$append'(Is, Fr, Ds1), Fs = [0'.|Fr] ).
'$commas'(Is, L, Is) :- L =< 3, !.
'$commas'([D|Ds], L, [D|R]) :-
    L1 is L - 1, ( L1 mod 3 =:= 0 -> R = [0',|R1] ; R = R1 ), '$commas_rest'(Ds, L1, R1).
'$commas_rest'(Ds, L, R) :- ( L =< 3 -> R = Ds ; '$commas'(Ds, L, R) ).
'$radix'(A, N, Ten, T) :- '$format_integer'(A), ( N == none -> '$format_error'('no radix') ; true ),
    B is abs(A), '$radix_digits'(B, N, Ten, [], Ds), ( A < 0 -> T = [0'-|Ds] ; T = Ds ).
'$radix_digits'(A, N, Ten, T0, T) :-
    D is A mod N, ( D < 10 -> C is 0'0 + D ; C is Ten + D - 10 ), R is A // N,
    ( R =:= 0 -> T = [C|T0] ; '$radix_digits'(R, N, Ten, [C|T0], T) ).
'$float_text'(D, N, A, T) :-
    X is A, ( N == none -> P = 6 ; P = N ), '$float_format'(D, P, X, At), atom_codes(At, T).
