% ISO 13211-1, 8.8 and 8.9: clause retrieval, creation and destruction; 8.10: all solutions.

:- dynamic cat/0, dog/0, elk/1, insect/1, legs/2, q/1, counter/1, fact/2, empty/1, big/2.
cat.
dog :- true.
elk(X) :- moose(X).
insect(ant). insect(bee).
legs(A, 6) :- insect(A).
legs(A, 7) :- A, call(A).
legs(A, 8) :- \+ insect(A).
static(1).
counter(0).
a(1, f(_)). a(2, f(_)).
b(1, 1). b(1, 1). b(1, 2). b(2, 1). b(2, 2). b(2, 2).
c(1). c(2).
age(peter, 7). age(ann, 11). age(pat, 8). age(tom, 5). age(mike, 11).
keys(N) :- between(1, N, I), assertz(big(I, I)), fail.
keys(_).
count(N, N) :- !.
count(I, N) :- retract(counter(C)), D is C + 1, assertz(counter(D)), J is I + 1, count(J, N).

test(clause, clause(legs(ant, 6), B), answers(B, [insect(ant)])).
test(clause_all, clause(legs(C, N), B), answers(N-B, [6-insect(C1), 7-(call(C2), call(C2)), 8-(\+ insect(C3))])).
test(clause_fact, clause(cat, B), answers(B, [true])).
test(clause_none, clause(empty(_), _), false).
test(clause_unknown, clause(no_such_predicate(_), _), false).
test(clause_unbound, clause(_, _), error(instantiation_error)).
test(clause_type, clause(4, _), error(type_error(callable, 4))).
test(clause_body_type, clause(elk(_), 5), error(type_error(callable, 5))).
test(clause_private, clause(atom(_), _), error(permission_error(access, private_procedure, atom/1))).
test(current_predicate, current_predicate(static/A), answers(A, [1])).
test(current_predicate_none, current_predicate(no_such_predicate/_), false).
test(current_predicate_type, current_predicate(4), error(type_error(predicate_indicator, 4))).
test(current_predicate_type_2, current_predicate(0/_), error(type_error(atom, 0))).
test(asserta, (asserta(q(0)), asserta(q(1)), findall(X, q(X), L), retractall(q(_))), answers(L, [[1, 0]])).
test(assertz, (assertz(q(0)), assertz(q(1)), findall(X, q(X), L), retractall(q(_))), answers(L, [[0, 1]])).
test(assertz_rule, (assertz((q(X) :- X > 1, !)), q(2), \+ q(1), retractall(q(_))), true).
test(assertz_disjunction, (assertz((q(X) :- X = 1 ; X = 2)), findall(Y, q(Y), L), retractall(q(_))), answers(L, [[1, 2]])).
test(assert_unbound, assertz(_), error(instantiation_error)).
test(assert_type, assertz(4), error(type_error(callable, 4))).
test(assert_body, assertz((foo :- 4)), error(type_error(callable, 4))).
test(assert_head, assertz((4 :- true)), error(type_error(callable, 4))).
test(assert_static, assertz((atom(_) :- true)), error(permission_error(modify, static_procedure, atom/1))).
test(assert_static_user, assertz(static(2)), error(permission_error(modify, static_procedure, static/1))).
test(assert_control, assertz((a, b)), error(permission_error(modify, static_procedure, (',')/2))).
test(assert_copies, (X = f(_), assertz(q(X)), X = f(1), q(Y), retractall(q(_))), answers(Y, [f(_)])).
test(retract, (assertz(q(1)), assertz(q(2)), findall(X, retract(q(X)), L)), answers(L, [[1, 2]])).
test(retract_none, retract(q(_)), false).
test(retract_unbound, retract((_ :- true)), error(instantiation_error)).
test(retract_type, retract((4 :- _)), error(type_error(callable, 4))).
test(retract_static, retract((atom(_) :- _)), error(permission_error(modify, static_procedure, atom/1))).
test(abolish, (assertz(gone(1)), abolish(gone/1), clause(gone(_), _)), false).
test(abolish_static, abolish(abolish/1), error(permission_error(modify, static_procedure, abolish/1))).
test(abolish_unbound, abolish(foo/_), error(instantiation_error)).
test(abolish_type, abolish(foo), error(type_error(predicate_indicator, foo))).
test(abolish_arity_type, abolish(foo/a), error(type_error(integer, a))).
test(abolish_arity, abolish(foo/(-1)), error(domain_error(not_less_than_zero, -1))).
test(abolish_huge, abolish(foo/1000000), error(representation_error(max_arity))).
test(logical_view, (assertz(q(1)), assertz(q(2)), findall(X, (q(X), Y is X + 10, assertz(q(Y))), L), retractall(q(_))), answers(L, [[1, 2]])).
test(logical_view_retract, (assertz(q(1)), assertz(q(2)), assertz(q(3)), findall(X, (q(X), retractall(q(_))), L)), answers(L, [[1, 2, 3]])).
test(counting, (count(0, 10000), counter(X)), answers(X, [10000])).
test(first_argument, (keys(2000), big(1777, X), retractall(big(_, _))), answers(X, [1777])).
test(first_argument_kept, (keys(20), findall(X, (big(X, X), X > 18), L), retract(big(5, _)), \+ big(5, _), big(6, Y), retractall(big(_, _))), answers(L-Y, [[19, 20]-6])).
test(index_mixed, (assertz(fact(a, 1)), assertz(fact(X, 2)), assertz(fact(b, 3)), findall(N, fact(b, N), L), retractall(fact(_, _))), answers(L, [[2, 3]])).
test(asserted_call, (assertz((q(X) :- elk(X))), catch(q(1), error(E, _), true), retractall(q(_))), answers(E, [existence_error(procedure, moose/1)])).
test(dynamic_empty, empty(_), false).

test(findall, findall(X, (X = 1 ; X = 2), L), answers(L, [[1, 2]])).
test(findall_term, findall(X + _, (X = 1), L), answers(L, [[1 + _]])).
test(findall_none, findall(_, fail, L), answers(L, [[]])).
test(findall_check, findall(X, (X = 1 ; X = 2), [X, Y]), answers(X-Y, [1-2])).
test(findall_unbound, findall(_, _, _), error(instantiation_error)).
test(findall_type, findall(_, 4, _), error(type_error(callable, 4))).
test(findall_list, findall(X, X = 1, [_|1]), error(type_error(list, [_|1]))).
test(findall_4, findall(X, member(X, [1, 2]), L, [3]), answers(L, [[1, 2, 3]])).
test(findall_nested, findall(L, (member(X, [1, 2]), findall(X-Y, member(Y, [a, b]), L)), R), answers(R, [[[1-a, 1-b], [2-a, 2-b]]])).
test(bagof, bagof(X, (X = 1 ; X = 2), L), answers(L, [[1, 2]])).
test(bagof_none, bagof(_, fail, _), false).
test(bagof_free, bagof(X, (X = Y, Y = Z ; X = 1), L), true).
test(bagof_groups, bagof(N, b(G, N), L), answers(G-L, [1-[1, 1, 2], 2-[1, 2, 2]])).
test(bagof_caret, bagof(N, G^b(G, N), L), answers(L, [[1, 1, 2, 1, 2, 2]])).
test(bagof_template, bagof(f(X, Y), (X = a ; Y = b), L), answers(L, [[f(a, _), f(_, b)]])).
test(bagof_unbound, bagof(_, _^_, _), error(instantiation_error)).
test(bagof_type, bagof(_, 1, _), error(type_error(callable, 1))).
test(bagof_list, bagof(X, X = 1, [A|1]), error(type_error(list, [A|1]))).
test(setof, setof(X, member(X, [b, a, b]), L), answers(L, [[a, b]])).
test(setof_groups, setof(N, b(G, N), L), answers(G-L, [1-[1, 2], 2-[1, 2]])).
test(setof_ages, setof(A-N, age(N, A), L), answers(L, [[5-tom, 7-peter, 8-pat, 11-ann, 11-mike]])).
test(setof_caret, setof(A, N^age(N, A), L), answers(L, [[5, 7, 8, 11]])).
test(setof_nested, setof(A-Ns, setof(N, age(N, A), Ns), L), answers(L, [[5-[tom], 7-[peter], 8-[pat], 11-[ann, mike]]])).
test(setof_none, setof(_, fail, _), false).
test(setof_list, setof(X, X = 1, [A|1]), error(type_error(list, [A|1]))).
test(aggregate_count, aggregate_all(count, c(_), N), answers(N, [2])).
test(aggregate_sum, aggregate_all(sum(X), c(X), N), answers(N, [3])).
test(aggregate_max, aggregate_all(max(X), c(X), N), answers(N, [2])).
test(forall_1, forall(c(X), X < 3), true).
