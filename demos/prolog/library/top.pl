% The command line and the top level.

'$main'(Fs, Gs) :- '$main_files'(Fs), ( Gs == [] -> '$top_level' ; '$main_goals'(Gs) ).

'$main_files'([]).
'$main_files'([F|Fs]) :-
    ( catch('$load'(F), E, ( '$warn'(gcprolog, F, E), halt(2) )) -> true ; true ),
    '$main_files'(Fs).

'$main_goals'([]) :- halt(0).
'$main_goals'([A|Gs]) :-
    (   catch(( '$from_text'(A, G, _), call(G) ), E, ( '$warn'('-g', A, E), halt(2) )) ->
        '$main_goals'(Gs)
    ;   format(user_error, 'gcprolog: goal failed: ~w~n', [A]), halt(1)
    ).

% ---- Queries

'$top_level' :- '$begin_lines', repeat, catch('$next_query', E, '$top_error'(E)), fail.

'$top_error'('$interrupt') :- !, nl, write('% interrupted'), nl.
'$top_error'(E) :- flush_output, '$print_error'(user_error, E).

'$next_query' :-
    (   '$query'(A) ->
        ( '$blank'(A) -> true ; '$from_clause'(A, G, Ns), '$answer'(G, Ns) )
    ;   nl, halt
    ).

'$blank'(A) :- '$memory_input'(A, S), '$read'(S, T, _, _, _), T == end_of_file.

'$answer'(G, Ns) :-
    (   '$level'(L0), call(G), '$level'(L1), flush_output,
        '$bindings'(Ns, Ns, Bs), '$show_all'(Bs, Ns),
        ( L0 == L1 -> write('.'), nl ; '$more' ) ->
        true
    ;   write('false.'), nl
    ).

'$more' :-
    write(' '), flush_output, '$key'(C),
    ( '$memberchk'(C, [0';, 0' , 0'n, 9]) -> write(';'), nl, fail ; write('.'), nl ).

% ---- Answers

'$show_all'(Bs, Ns) :- acyclic_term(Bs), !, '$name_others'(Bs, Ns, Ns1), '$show'(Bs, Ns1).
'$show_all'(_, _) :- write('true, with a term that has itself for an argument').

% What a query's variables were bound to: to each other, if to nothing else.
'$bindings'([], _, []).
'$bindings'([N = V|Ns], All, Bs) :-
    (   sub_atom(N, 0, 1, _, '_') -> Bs = Bs1
    ;   var(V), '$first_name'(All, V, M), M == N -> Bs = Bs1
    ;   Bs = [N = V|Bs1]
    ),
    '$bindings'(Ns, All, Bs1).

'$first_name'([N = W|Ns], V, M) :- ( V == W -> M = N ; '$first_name'(Ns, V, M) ).

'$show'([], _) :- !, write(true).
'$show'([N = V|Bs], Ns) :-
    write(N), write(' = '), '$brief'(30, V, B),
    '$others'(Ns, N, Ns1),
    write_term(B, [quoted(true), numbervars(true), priority(699), variable_names(Ns1)]),
    ( Bs == [] -> true ; write(','), nl, '$show'(Bs, Ns) ).

% Variables that no name of the query stands for are called _A, _B, and so on.
'$name_others'(Bs, Ns, All) :- term_variables(Bs, Vs), '$name_others'(Vs, Ns, 0'A, All).

'$name_others'([], Ns, _, Ns).
'$name_others'([V|Vs], Ns, C, All) :-
    (   ( '$first_name'(Ns, V, _) ; C > 0'Z ) -> '$name_others'(Vs, Ns, C, All)
    ;   atom_codes(N, [0'_, C]), D is C + 1, '$name_others'(Vs, [N = V|Ns], D, All)
    ).

% The names of variables that are still unbound, without the one that is shown.
'$others'([], _, []).
'$others'([M = V|Ns], N, Os) :-
    ( M \== N, var(V) -> Os = [M = V|Os1] ; Os = Os1 ), '$others'(Ns, N, Os1).

'$brief'(N, V, B) :-
    (   nonvar(V), V = [X|Xs] ->
        ( N =:= 0 -> B = '...' ; B = [X|Ys], M is N - 1, '$brief'(M, Xs, Ys) )
    ;   B = V
    ).

% ---- The heap

heap :- '$heap'(N, LB, LO, HB, AB, P, As),
    K is LB // 1024, H is HB // 1024, A is AB // 1048576, M is P // 1000,
    format('~D collections in ~D ms of pauses; ', [N, M]),
    format('~D KiB live in ~D objects after the last; ', [K, LO]),
    format('heap ~D KiB; ~D MiB allocated; ~D atoms~n', [H, A, As]).

garbage_collect :- gc.

statistics(runtime, [T, 0]) :- !, T is truncate(cputime * 1000).
statistics(cputime, T) :- !, T is cputime.
statistics(walltime, [T, 0]) :- !, T is truncate(cputime * 1000).
statistics(process_cputime, T) :- !, T is cputime.
statistics(K, V) :-
    '$heap'(N, LB, LO, HB, AB, P, As),
    '$member'(K = V, [collections = N, live_bytes = LB, live_objects = LO, heap_bytes = HB,
                      allocated_bytes = AB, pause_microseconds = P, atoms = As]).
