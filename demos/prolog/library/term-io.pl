% Reading and writing terms.

read(T) :- current_input(S), '$read'(S, T, _, _, _).
read(S, T) :- '$read'(S, T, _, _, _).
read_term(T, Os) :- current_input(S), read_term(S, T, Os).
read_term(S, T, Os) :-
    '$must_be'(list, Os), '$read_options'(Os), '$read'(S, T0, Ns, Ss, L),
    '$read_out'(Os, T0, Ns, Ss, L), T = T0.

'$read_options'([]).
'$read_options'([O|Os]) :-
    (   var(O) -> '$inst'
    ;   '$memberchk'(O, [variables(_), variable_names(_), singletons(_), term_position(_),
                         syntax_errors(_)]) -> true
    ;   '$domain'(read_option, O)
    ),
    '$read_options'(Os).

'$read_out'([], _, _, _, _).
'$read_out'([O|Os], T, Ns, Ss, L) :- '$read_option'(O, T, Ns, Ss, L), '$read_out'(Os, T, Ns, Ss, L).
'$read_option'(variables(Vs), T, _, _, _) :- term_variables(T, Vs).
'$read_option'(variable_names(Ns), _, Ns, _, _).
'$read_option'(singletons(Ss), _, _, Ss, _).
'$read_option'(term_position(L), _, _, _, L).
'$read_option'(syntax_errors(_), _, _, _, _).

% ---- Writing, with flags: 1 quoted, 2 without operators, 4 $VAR(N) as letters, 8 names of variables

write(T) :- current_output(S), '$write'(S, T, 4, 1200).
write(S, T) :- '$write'(S, T, 4, 1200).
print(T) :- current_output(S), '$write'(S, T, 5, 1200).
print(S, T) :- '$write'(S, T, 5, 1200).
writeln(T) :- write(T), nl.
writeln(S, T) :- write(S, T), nl(S).
writeq(T) :- current_output(S), '$write'(S, T, 5, 1200).
writeq(S, T) :- '$write'(S, T, 5, 1200).
write_canonical(T) :- current_output(S), write_canonical(S, T).
write_canonical(S, T) :- '$write'(S, T, 3, 1200).
write_term(T, Os) :- current_output(S), write_term(S, T, Os).
write_term(S, T, Os) :-
    '$must_be'(list, Os), '$write_options'(Os, 0, F, 1200, P, [], Ns),
    ( Ns == [] -> '$write'(S, T, F, P) ; \+ \+ ( '$name_variables'(Ns), '$write'(S, T, F, P) ) ).

'$write_options'([], F, F, P, P, Ns, Ns).
'$write_options'([O|Os], F0, F, P0, P, Ns0, Ns) :-
    (   var(O) -> '$inst'
    ;   O = variable_names(Ns1) -> '$check_names'(Ns1, O), F1 is F0 \/ 8, P1 = P0
    ;   '$write_option'(O, F0, F1, P0, P1) -> Ns1 = Ns0
    ;   '$domain'(write_option, O)
    ),
    '$write_options'(Os, F1, F, P1, P, Ns1, Ns).

'$write_option'(quoted(B), F0, F, P, P) :- '$bit'(B, 1, F0, F).
'$write_option'(ignore_ops(B), F0, F, P, P) :- '$bit'(B, 2, F0, F).
'$write_option'(numbervars(B), F0, F, P, P) :- '$bit'(B, 4, F0, F).
'$write_option'(priority(P), F, F, _, P) :- integer(P).
'$write_option'(max_depth(N), F, F, P, P) :- integer(N).

'$bit'(B, _, _, _) :- var(B), !, '$inst'.
'$bit'(true, X, F0, F) :- F is F0 \/ X.
'$bit'(false, X, F0, F) :- F is F0 /\ \X.

'$check_names'(Ns, O) :-
    '$skip_list'(Ns, _, T), ( var(T) -> '$inst' ; T == [] -> true ; '$domain'(write_option, O) ),
    '$each_name'(Ns, O).

'$each_name'([], _).
'$each_name'([N|Ns], O) :-
    (   var(N) -> '$inst'
    ;   N = (A = _), var(A) -> '$inst'
    ;   N = (A = _), atom(A) -> true
    ;   '$domain'(write_option, O)
    ),
    '$each_name'(Ns, O).

% Of several names the first counts.
'$name_variables'([]).
'$name_variables'([N = V|Ns]) :- ( var(V) -> V = '$name'(N) ; true ), '$name_variables'(Ns).
