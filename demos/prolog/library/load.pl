% Reading programs, and what is said of errors.

:- '$dynamic'('$seen'/2).
:- '$dynamic'('$initialization'/1).
:- '$dynamic'('$loaded'/1).
[F|Fs] :- consult([F|Fs]).
consult(Fs) :-
    (   var(Fs) -> '$inst'
    ;   Fs == [] -> true
    ;   Fs = [F|R] -> consult(F), consult(R)
    ;   '$load'(Fs)
    ).
ensure_loaded(F) :- ( '$loaded'(F) -> true ; consult(F) ).
'$load'(user) :- !, current_input(S), '$load_stream'(S, user).
'$load'(F) :- '$must_be'(atom, F), '$source'(F, S, Name), retractall('$seen'(_, _)),
    ( '$loaded'(F) -> true ; assertz('$loaded'(F)) ), '$load_stream'(S, Name), close(S),
    findall(G, retract('$initialization'(G)), Gs), '$run_all'(Gs, Name, 0).
'$source'(F, S, Name) :- '$member'(Ext, ['', '.pl']), atom_concat(F, Ext, Name),
    catch(open(Name, read, S), error(E, _),
          ( E = existence_error(_, _) -> fail ; throw(error(E, _)) )),
    !.
'$source'(F, _, _) :- throw(error(existence_error(source_sink, F), _)).
'$run_all'([], _, _).
'$run_all'([G|Gs], Name, L) :- '$run_directive'(G, Name, L), '$run_all'(Gs, Name, L).
'$load_stream'(S, Name) :- repeat, '$load_term'(S, Name, T), T == end_of_file, !.
'$load_term'(S, Name, T) :-
    catch('$read'(S, T, _, _, L), E, ( line_count(S, L0), '$warn'(Name, L0, E), T = '$bad' )),
    ( T == end_of_file -> true ; T == '$bad' -> true
    ; catch('$handle'(T, Name, L), E1, ( E1 == '$interrupt' -> throw(E1) ; '$warn'(Name, L, E1) ))
    ).
'$handle'(T, Name, L) :- expand_term(T, T1), '$handle_terms'(T1, Name, L).

'$handle_terms'(T, Name, L) :-
    (   T = [H|R] -> '$handle_terms'(H, Name, L), '$handle_terms'(R, Name, L)
    ;   T == [] -> true
    ;   T = (:- include(F)) -> '$include'(F)
    ;   T = (:- G) -> '$run_directive'(G, Name, L)
    ;   T = (?- G) -> '$run_directive'(G, Name, L)
    ;   '$add'(T)
    ).

'$include'(F) :- '$must_be'(atom, F), '$source'(F, S, Name), '$load_stream'(S, Name), close(S).

'$add'(T) :- ( T = (H :- _) -> true ; H = T ), ( callable(H) -> functor(H, N, A) ; N = [], A = 0 ),
    ( '$seen'(N, A) -> true ; atom(N), \+ '$built_in'(H) -> '$fresh'(N, A) ; true ),
    '$add_clause'(T).
'$fresh'(N, A) :-
    assertz('$seen'(N, A)), '$predicates'(N, L),
    (   '$memberchk'(p(N/A, Ps), L), '$memberchk'(static, Ps) -> '$wipe'(N/A)
    ;   true
    ).
'$run_directive'(initialization(G), _, _) :- !, assertz('$initialization'(G)).
'$run_directive'(initialization(G, _), _, _) :- !, assertz('$initialization'(G)).
'$run_directive'(G, Name, L) :-
    ( catch(G, E, true) -> ( var(E) -> true ; E == '$interrupt' -> throw(E) ; '$warn'(Name, L, E) )
    ; '$warn'(Name, L, '$failed'(G)) ).
initialization(G) :- assertz('$initialization'(G)).
'$warn'(Name, L, E) :-
    flush_output, S = user_error, format(S, '~w:~w: ', [Name, L]), '$print_error'(S, E).
'$print_error'(S, '$failed'(G)) :- !, format(S, 'warning: the directive failed: ~q~n', [G]).
'$print_error'(S, error(E, C)) :- '$explain'(E, F, As), !, write(S, 'error: '), format(S, F, As),
    ( nonvar(C) -> format(S, ' (~q)', [C]) ; true ), nl(S).
'$print_error'(S, E) :- format(S, 'error: uncaught: ~q~n', [E]).
'$explain'(E, _, _) :- var(E), !, fail.
'$explain'(instantiation_error, 'an argument is unbound that has to have a value', []).
'$explain'(type_error(T, C), 'type error: ~w expected, found ~q', [T, C]).
'$explain'(domain_error(T, C), 'domain error: ~w expected, found ~q', [T, C]).
'$explain'(existence_error(procedure, PI), 'unknown procedure ~q', [PI]).
'$explain'(existence_error(T, C), 'there is no such ~w: ~q', [T, C]).
'$explain'(permission_error(A, T, C), 'no permission to ~w ~w ~q', [A, T, C]).
'$explain'(representation_error(W), 'a limit of the system is exceeded: ~w', [W]).
'$explain'(evaluation_error(W), 'arithmetic: ~w', [W]).
'$explain'(resource_error(W), 'not enough ~w', [W]).
'$explain'(syntax_error(W), 'syntax error: ~w', [W]).
'$explain'(format(W), 'format: ~w', [W]).

