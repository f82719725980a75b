% ISO 13211-1, 7.8: control constructs, and 8.15: logic and control.

a(1). a(2). a(3).
p(X) :- a(X), !.
q(X, Y) :- ( X = 1 -> Y = one ; X = 2 -> Y = two ; Y = many ).
r(X) :- ( a(X), X > 1 -> true ; X = none ).
twice(!) :- write('C ').
twice(true) :- write('Moss ').
goal((twice(_), !)).
goal(write('Three ')).
nested(X) :- ( a(X), ( X =:= 2, ! ; fail ) ; X = end ).
deepcut(X) :- a(X), X > 1, !, true.
deepcut(9).
args(A, B, C) :- swap(B, A, C).
swap(X, Y, f(X, Y)).
loop(0) :- !.
loop(N) :- M is N - 1, loop(M).
branch(X, Y) :- ( X > 0 -> Z = pos, Y = f(Z) ; X < 0 -> Y = f(Z), Z = neg ; Y = zero ).
shared(X, L) :- ( X = 1, A = one ; A = other ), L = [X, A].
soft(X, Y) :- ( a(X) *-> Y = yes ; Y = no ).
thrower(X) :- throw(my(X)).

test(true, true, true).
test(fail, fail, false).
test(call_cut, call(!), true).
test(call_fail, call(fail), false).
test(call_conj_fail, call((fail, _)), false).
test(call_not_callable, call((fail, 1)), error(type_error(callable, _))).
test(call_not_callable_2, call((write(3), 1)), error(type_error(callable, _))).
test(call_unbound, call(_), error(instantiation_error)).
test(call_number, call(1), error(type_error(callable, 1))).
test(call_opaque, call((a(X), call(!))), answers(X, [1, 2, 3])).
test(call_cut_local, call((a(X), !)), answers(X, [1])).
test(call_n, call(swap(1), 2, X), answers(X, [f(1, 2)])).
test(call_n_atom, call(swap, 1, 2, X), answers(X, [f(1, 2)])).
test(call_n_control, call(',', true, X = 1), answers(X, [1])).
test(call_n_cut, call((;), X = 1, X = 2), answers(X, [1, 2])).
test(cut_in_clause, p(X), answers(X, [1])).
test(cut_first, (!, fail ; true), false).
test(cut_call, (call(!), fail ; true), true).
test(cut_moss, (goal(X), call(X), fail ; true), output('C Three ')).
test(cut_1, \+ (twice(_), !, write('Forwards '), fail), output('C Forwards ')).
test(cut_2, \+ ((! ; write(no)), write('Cut disjunction '), fail), output('Cut disjunction ')).
test(cut_3, \+ (twice(_), (write('No ') ; !), write('Cut '), fail), output('C No Cut Cut ')).
test(cut_4, (twice(_), \+ fail, write('Forwards '), fail ; true), output('C Forwards Moss Forwards ')).
test(cut_5, (twice(_), once(!), write('F '), fail ; true), output('C F Moss F ')).
test(cut_nested, nested(X), answers(X, [2])).
test(cut_deep, deepcut(X), answers(X, [2])).
test(conj, (X = 1, var(X)), false).
test(conj_2, (var(X), X = 1), answers(X, [1])).
test(disj, (X = 1 ; X = 2), answers(X, [1, 2])).
test(disj_three, (X = 1 ; X = 2 ; X = 3), answers(X, [1, 2, 3])).
test(disj_fail, (fail ; fail), false).
test(ite_then, (true -> X = 1 ; X = 2), answers(X, [1])).
test(ite_else, (fail -> X = 1 ; X = 2), answers(X, [2])).
test(ite_no_else, (fail -> true), false).
test(ite_once, ((X = 1 ; X = 2) -> true ; true), answers(X, [1])).
test(ite_then_many, (true -> (X = 1 ; X = 2) ; true), answers(X, [1, 2])).
test(ite_cond_cut, ((!, fail) -> true ; true), true).
test(ite_cond_cut_2, ((X = 1, ! ; X = 2) -> true ; X = 3), answers(X, [1])).
test(ite_chain, (member(X, [1, 2, 3]), q(X, Y)), answers(X-Y, [1-one, 2-two, 3-many])).
test(ite_call, r(X), answers(X, [2])).
test(ite_alone_in_disj, ((fail -> true) ; X = 2), answers(X, [2])).
test(branch_1, branch(1, Y), answers(Y, [f(pos)])).
test(branch_2, branch(-1, Y), answers(Y, [f(neg)])).
test(branch_3, branch(0, Y), answers(Y, [zero])).
test(branch_shared, shared(X, L), answers(L, [[1, one], [_, other]])).
test(soft_cut, soft(_, Y), answers(Y, [yes, yes, yes])).
test(soft_cut_else, (fail *-> true ; X = no), answers(X, [no])).
test(swap_arguments, args(1, 2, X), answers(X, [f(2, 1)])).
test(catch_ball, catch(throw(a), a, true), true).
test(catch_other, catch(throw(a), b, true), ball(a)).
test(catch_recovery, catch(thrower(1), my(X), true), answers(X, [1])).
test(catch_copy, catch((Y = f(X), throw(Y)), f(Z), Z == X), false).
test(catch_undo, catch((X = 1, throw(a)), a, var(X)), true).
test(catch_answers, catch(a(X), _, true), answers(X, [1, 2, 3])).
test(catch_left, (catch(a(X), _, X = caught), X >= 2, throw(out)), ball(out)).
test(catch_back, catch((catch(a(X), b, X = inner), X > 1, throw(b)), b, X = outer), answers(X, [outer])).
test(catch_reenter, catch((a(X), X > 1, throw(in(X))), in(Y), true), answers(Y, [2])).
test(catch_nested, catch(catch(throw(a), b, true), a, X = 1), answers(X, [1])).
test(catch_rethrow, catch(catch(throw(a), a, throw(b)), B, true), answers(B, [b])).
test(catch_cut, catch(!, _, true), true).
test(throw_unbound, throw(_), error(instantiation_error)).
test(unknown, no_such_thing(1), error(existence_error(procedure, no_such_thing/1))).
test(unknown_in_catch, catch(no_such_thing, error(existence_error(procedure, PI), _), true), answers(PI, [no_such_thing/0])).
test(not_true, \+ true, false).
test(not_cut, \+ !, false).
test(not_cut_fail, \+ (!, fail), true).
test(not_member, \+ member(4, [1, 2, 3]), true).
test(not_number, \+ 3, error(type_error(callable, 3))).
test(not_unbound, \+ _, error(instantiation_error)).
test(not_conj, \+ (fail, 1), error(type_error(callable, _))).
test(not_no_binding, (\+ \+ X = 1, var(X)), true).
test(once_first, once(a(X)), answers(X, [1])).
test(once_cut, once(!), true).
test(once_unbound, once(_), error(instantiation_error)).
test(once_number, once(3), error(type_error(callable, 3))).
test(once_disj, once((X = 1 ; X = 2)), answers(X, [1])).
test(ignore, ignore(fail), true).
test(ignore_once, ignore(a(X)), answers(X, [1])).
test(forall, forall(a(X), X > 0), true).
test(forall_not, forall(a(X), X > 1), false).
test(repeat, (repeat, !), true).
test(repeat_fail, (repeat, !, fail), false).
test(last_calls, loop(1000000), true).
test(between, between(1, 3, X), answers(X, [1, 2, 3])).
test(between_check, between(1, 3, 2), true).
test(between_out, between(1, 3, 4), false).
test(between_inf, (between(1, inf, X), X > 2, !), true).
test(between_empty, between(3, 1, _), false).
test(between_unbound, between(1, _, _), error(instantiation_error)).
test(between_type, between(1, a, _), error(type_error(integer, a))).
test(apply_partial, maplist(succ, [1, 2, 3], L), answers(L, [[2, 3, 4]])).

test(caret_is_no_predicate, call(_^true), error(existence_error(procedure, (^)/2))).
test(unknown_warning, (set_prolog_flag(unknown, fail), ( no_such_thing -> R = yes ; R = no ), set_prolog_flag(unknown, error)), answers(R, [no])).
