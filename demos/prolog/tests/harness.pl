% Runs test(Name, Goal, Expected), where Expected is true, false, an error's formal term as
% error(Formal), ball(Ball), answers(Term, List) for all solutions, or output(Atom) for what is
% written.

:- dynamic test/3.
:- discontiguous test/3.

run_cases :-
    findall(c(N, G, E), test(N, G, E), Cases),
    run_cases(Cases, 0, 0, Passed, Failed),
    format("~w passed, ~w failed~n", [Passed, Failed]),
    Failed =:= 0.

run_cases([], P, F, P, F).
run_cases([c(Name, Goal, Expected)|Cases], P0, F0, P, F) :-
    verdict(Expected, Goal, Verdict),
    (   Verdict == passed ->
        P1 is P0 + 1, F1 = F0
    ;   format("FAILED: ~w: ~q: expected ~q, got ~q~n", [Name, Goal, Expected, Verdict]),
        P1 = P0, F1 is F0 + 1
    ),
    run_cases(Cases, P1, F1, P, F).

verdict(Expected, Goal, Verdict) :-
    catch(outcome(Expected, Goal, Outcome), Ball, Outcome = threw(Ball)),
    (   agrees(Expected, Outcome) -> Verdict = passed ; Verdict = Outcome ).

outcome(answers(Term, _), Goal, answers(L)) :- !, findall(Term, Goal, L).
outcome(output(_), Goal, output(A)) :- !, with_output_to(atom(A), ignore(Goal)).
outcome(_, Goal, Outcome) :- ( call(Goal) -> Outcome = true ; Outcome = false ).

agrees(true, true).
agrees(false, false).
agrees(error(F), threw(error(G, _))) :- subsumes_term(F, G).
agrees(ball(B), threw(C)) :- B =@= C.
agrees(answers(_, L), answers(M)) :- L =@= M.
agrees(output(A), output(A)).
