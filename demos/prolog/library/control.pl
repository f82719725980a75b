% Operators; control; comparing; errors.

:- '$op'(1000, xfy, ',').

'$add_ops'([], _, _).
'$add_ops'([N|Ns], P, T) :- '$op'(P, T, N), '$add_ops'(Ns, P, T).

:- '$add_ops'([-->], 1200, xfx).
:- '$add_ops'([?-], 1200, fx).
:- '$add_ops'([dynamic, discontiguous, initialization, multifile], 1150, fx).
:- '$add_ops'(['|'], 1105, xfy).
:- '$add_ops'([;], 1100, xfy).
:- '$add_ops'([->, *->], 1050, xfy).
:- '$add_ops'([\+], 900, fy).
:- '$add_ops'([=, \=, ==, \==, =@=, @<, @>, @=<, @>=, =.., is, =:=, =\=, <, >, =<, >=], 700, xfx).
:- '$add_ops'([:], 600, xfy).
:- '$add_ops'([+, -, /\, \/, xor], 500, yfx).
:- '$add_ops'([*, /, //, rem, mod, div, <<, >>], 400, yfx).
:- '$add_ops'([**], 200, xfx).
:- '$add_ops'([^], 200, xfy).
:- '$add_ops'([-, +, \], 200, fy).

% ---- Control and comparing
fail :- 1 =:= 2.
false :- fail.
(A, B) :- call((A, B)).
(A ; B) :- call((A ; B)).
(A -> B) :- call((A -> B)).
(A *-> B) :- call((A *-> B)).
\+ A :- \+ call(A).
! .
X is E :- X is E.
A =:= B :- A =:= B.
A =\= B :- A =\= B.
A < B :- A < B.
A > B :- A > B.
A =< B :- A =< B.
A >= B :- A >= B.
A == B :- A == B.
A \== B :- A \== B.
A \= B :- \+ A = B.
var(X) :- var(X).
nonvar(X) :- nonvar(X).
atom(X) :- atom(X).
integer(X) :- integer(X).
float(X) :- float(X).
number(X) :- number(X).
atomic(X) :- atomic(X).
compound(X) :- compound(X).
callable(X) :- callable(X).
is_list(L) :- '$skip_list'(L, _, T), T == [].
not(G) :- \+ call(G).
once(G) :- call(G), !.
ignore(G) :- call(G), !.
ignore(_).
forall(C, A) :- \+ (call(C), \+ call(A)).
repeat.
repeat :- repeat.
halt :- halt(0).
apply(G, As) :- G =.. L0, '$append'(L0, As, L), H =.. L, call(H).
subsumes_term(G, S) :-
    \+ \+ ( term_variables(S, V0), G = S, term_variables(V0, V1), V0 == V1 ).
setup_call_cleanup(S, G, C) :-
    once(S),
    (   catch(G, E, true) -> ignore(C), ( nonvar(E) -> throw(E) ; true )
    ;   ignore(C), fail
    ).
call_cleanup(G, C) :- setup_call_cleanup(true, G, C).

% ---- Errors
'$type'(T, C) :- throw(error(type_error(T, C), _)).
'$domain'(D, C) :- throw(error(domain_error(D, C), _)).
'$inst' :- throw(error(instantiation_error, _)).
'$must_be'(integer, X) :- ( integer(X) -> true ; var(X) -> '$inst' ; '$type'(integer, X) ).
'$must_be'(atom, X) :- ( atom(X) -> true ; var(X) -> '$inst' ; '$type'(atom, X) ).
'$must_be'(callable, X) :- ( callable(X) -> true ; var(X) -> '$inst' ; '$type'(callable, X) ).
'$must_be'(list, X) :-
    '$skip_list'(X, _, T),
    ( T == [] -> true ; var(T) -> '$inst' ; '$type'(list, X) ).
'$or_var'(T, X) :- ( var(X) -> true ; '$must_be'(T, X) ).
'$partial_list'(X) :-
    '$skip_list'(X, _, T),
    ( T == [] -> true ; var(T) -> true ; '$type'(list, X) ).
