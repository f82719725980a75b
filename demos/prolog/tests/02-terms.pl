% ISO 13211-1, 8.2 unification, 8.3 type testing, 8.4 comparison, 8.5 creation and decomposition.

test(unify_numbers, 1 = 1, true).
test(unify_var, X = 1, answers(X, [1])).
test(unify_vars, (X = Y, X = abc), answers(Y, [abc])).
test(unify_struct, f(X, def) = f(def, Y), answers(X-Y, [def-def])).
test(unify_int_float, 1 = 1.0, false).
test(unify_arity, g(_) = f(_), false).
test(unify_arity_2, f(_, 1) = f(a(_)), false).
test(unify_deep, f(X, Y, X) = f(a(Y), b, Z), answers(Z, [a(b)])).
test(unify_list, [H|T] = [1, 2, 3], answers(H-T, [1-[2, 3]])).
test(unify_big, X = 123456789012345678901234567890, answers(X, [123456789012345678901234567890])).
test(unify_big_same, (X is 2 ** 100, Y is 2 ** 100, X = Y), true).
test(unify_float, 1.5 = 1.5, true).
test(not_unify, 1 \= 1, false).
test(not_unify_var, _ \= 1, false).
test(not_unify_different, f(_, 1) \= f(a(_)), true).
test(not_unify_int_float, 1 \= 1.0, true).
test(occurs_check, unify_with_occurs_check(X, f(X)), false).
test(occurs_check_fine, unify_with_occurs_check(f(X), f(1)), answers(X, [1])).
test(subsumes, subsumes_term(f(_), f(a)), true).
test(subsumes_not, subsumes_term(f(a), f(_)), false).
test(subsumes_shared, subsumes_term(f(X, X), f(a, b)), false).

test(var, var(_), true).
test(var_bound, (X = 1, var(X)), false).
test(var_atom, var(foo), false).
test(nonvar, nonvar(33.3), true).
test(nonvar_unbound, nonvar(_), false).
test(atom, atom(atom), true).
test(atom_empty, atom(''), true).
test(atom_nil, atom([]), true).
test(atom_number, atom(6), false).
test(atom_compound, atom(a(b)), false).
test(integer, integer(3), true).
test(integer_big, integer(100000000000000000000000), true).
test(integer_float, integer(3.3), false).
test(integer_unbound, integer(_), false).
test(float, float(3.3), true).
test(float_integer, float(3), false).
test(number, number(3), true).
test(number_float, number(3.3), true).
test(number_atom, number(a), false).
test(atomic, atomic(atom), true).
test(atomic_float, atomic(2.5), true).
test(atomic_compound, atomic(a(b)), false).
test(atomic_unbound, atomic(_), false).
test(compound, compound(-(1)), true).
test(compound_list, compound([a]), true).
test(compound_nil, compound([]), false).
test(compound_number, compound(-1), false).
test(callable, callable(a), true).
test(callable_list, callable([a]), true).
test(callable_number, callable(3), false).
test(callable_unbound, callable(_), false).
test(is_list, is_list([a, b]), true).
test(is_list_partial, is_list([a|_]), false).
test(acyclic, (X = f(A, A), Y = g(X, X, [X|A]), acyclic_term(Y)), true).
test(acyclic_list, (numlist(1, 5000, L), acyclic_term(L)), true).
test(cyclic, (X = f(X), \+ acyclic_term(X)), true).
test(cyclic_below, (X = [a|X], \+ acyclic_term(g(b, [c, X]))), true).
test(acyclic_variable, acyclic_term(_), true).
test(ground, ground(f(a, [b])), true).
test(ground_not, ground(f(a, [_])), false).

test(compare_same, 1 == 1, true).
test(compare_float, 1.0 @< 1, true).
test(compare_vars, X == X, true).
test(compare_vars_different, _ == _, false).
test(compare_atoms, aardvark @< zebra, true).
test(compare_short, short @< shorter, true).
test(compare_numbers, 1 @< 2, true).
test(compare_structs, foo(a, b) @< north(a), false).
test(compare_args, foo(b) @> foo(a), true).
test(compare_args_2, foo(a, _) @< foo(b, _), true).
test(compare_var_first, _ @< 1.0, true).
test(compare_number_atom, 100 @< a, true).
test(compare_atom_compound, z @< a(1), true).
test(compare_3, compare(O, 3, 5), answers(O, [<])).
test(compare_3_same, compare(O, d, d), answers(O, [=])).
test(compare_3_given, compare(<, 5, 3), false).
test(compare_3_type, compare(3, 3, 3), error(type_error(atom, 3))).
test(compare_3_domain, compare(a, 3, 3), error(domain_error(order, a))).
test(compare_not_identical, a \== b, true).
test(compare_big, 100000000000000000000 @> 99999999999999999999, true).
test(compare_list, [1, 2] @< [1, 3], true).
test(variant, f(_, a) =@= f(_, a), true).
test(variant_not, f(X, X) =@= f(_, _), false).
test(sort, sort([c, a, b, a], L), answers(L, [[a, b, c]])).
test(sort_mixed, sort([z, 1, f(a), 2.0, "", 1.0], L), answers(L, [[1.0, 1, 2.0, [], z, f(a)]])).
test(sort_unbound, sort(_, _), error(instantiation_error)).
test(sort_partial, sort([a|_], _), error(instantiation_error)).
test(sort_type, sort([a|b], _), error(type_error(list, [a|b]))).
test(msort, msort([c, a, b, a], L), answers(L, [[a, a, b, c]])).
test(sort_4, sort(0, @>=, [1, 3, 2, 3], L), answers(L, [[3, 3, 2, 1]])).
test(sort_4_key, sort(1, @<, [f(2, a), f(1, b), f(2, c)], L), answers(L, [[f(1, b), f(2, a)]])).
test(keysort, keysort([b-1, a-2, b-0, a-1], L), answers(L, [[a-2, a-1, b-1, b-0]])).
test(keysort_type, keysort([a|b], _), error(type_error(list, [a|b]))).
test(keysort_pair, keysort([a], _), error(type_error(pair, a))).
test(keysort_unbound, keysort([_], _), error(instantiation_error)).
test(predsort, predsort(compare, [c, a, b, a], L), answers(L, [[a, b, c]])).

test(functor, functor(foo(a, b, c), N, A), answers(N/A, [foo/3])).
test(functor_atom, functor(foo, N, A), answers(N/A, [foo/0])).
test(functor_number, functor(1.5, N, A), answers(N/A, [1.5/0])).
test(functor_list, functor([a], N, A), answers(N/A, ['.'/2])).
test(functor_new, functor(T, foo, 3), answers(T, [foo(_, _, _)])).
test(functor_new_atom, functor(T, foo, 0), answers(T, [foo])).
test(functor_new_number, functor(T, 1.5, 0), answers(T, [1.5])).
test(functor_check, functor(foo(a), foo, 2), false).
test(functor_unbound, functor(_, _, 3), error(instantiation_error)).
test(functor_unbound_2, functor(_, foo, _), error(instantiation_error)).
test(functor_type, functor(_, foo, a), error(type_error(integer, a))).
test(functor_float, functor(_, 1.5, 1), error(type_error(atom, 1.5))).
test(functor_compound, functor(_, foo(a), 1), error(type_error(atomic, foo(a)))).
test(functor_negative, functor(_, foo, -1), error(domain_error(not_less_than_zero, -1))).
test(functor_huge, functor(_, foo, 100000), error(representation_error(max_arity))).
test(arg, arg(1, foo(a, b), X), answers(X, [a])).
test(arg_unknown, arg(_, foo(a, b), a), error(instantiation_error)).
test(univ_tail, f(a) =.. [f|b], error(type_error(list, [f|b]))).
test(variables_tail, term_variables(t, [x|a]), error(type_error(list, [x|a]))).
test(arg_out, arg(3, foo(a, b), _), false).
test(arg_zero, arg(0, foo(a, b), _), false).
test(arg_unify, arg(1, foo(X, b), a), answers(X, [a])).
test(arg_unbound, arg(1, _, _), error(instantiation_error)).
test(arg_atom, arg(1, atom, _), error(type_error(compound, atom))).
test(arg_number, arg(1, 3, _), error(type_error(compound, 3))).
test(arg_type, arg(a, f(b), _), error(type_error(integer, a))).
test(arg_negative, arg(-1, f(b), _), error(domain_error(not_less_than_zero, -1))).
test(univ, foo(a, b) =.. L, answers(L, [[foo, a, b]])).
test(univ_new, T =.. [foo, a, b], answers(T, [foo(a, b)])).
test(univ_atom, foo =.. L, answers(L, [[foo]])).
test(univ_number, T =.. [3.5], answers(T, [3.5])).
test(univ_list, [a] =.. L, answers(L, [['.', a, []]])).
test(univ_unbound, _ =.. _, error(instantiation_error)).
test(univ_partial, _ =.. [foo|_], error(instantiation_error)).
test(univ_not_list, _ =.. [foo|bar], error(type_error(list, [foo|bar]))).
test(univ_name_unbound, _ =.. [_|[]], error(instantiation_error)).
test(univ_number_name, _ =.. [3, 1], error(type_error(atom, 3))).
test(univ_compound_name, _ =.. [f(a), 1], error(type_error(atomic, f(a)))).
test(univ_empty, _ =.. [], error(domain_error(non_empty_list, []))).
test(copy_term, copy_term(f(X, Y, X), T), answers(T, [f(A, _, A)])).
test(copy_term_atom, copy_term(a, X), answers(X, [a])).
test(copy_term_not, copy_term(a, b), false).
test(copy_term_shared, (copy_term(a + X, X + b), copy_term(a + X, X + b)), false).
test(copy_term_var, copy_term(_, X), answers(X, [_])).
test(term_variables, term_variables(f(X, g(Y), X), L), answers(L, [[X, Y]])).
test(term_variables_none, term_variables(t, L), answers(L, [[]])).
test(numbervars, (T = f(X, Y), numbervars(T, 0, E)), answers(T-E, [f('$VAR'(0), '$VAR'(1))-2])).

test(length, length([a, b, c], N), answers(N, [3])).
test(length_new, length(L, 2), answers(L, [[_, _]])).
test(length_partial, length([a|T], 2), answers(T, [[_]])).
test(length_negative, length(_, -1), error(domain_error(not_less_than_zero, -1))).
test(length_type, length(_, a), error(type_error(integer, a))).
test(length_enumerate, (length(L, N), N >= 2, !), true).
test(append, append(X, Y, [1, 2]), answers(X-Y, [[]-[1, 2], [1]-[2], [1, 2]-[]])).
test(append_lists, append([[1], [2, 3], []], L), answers(L, [[1, 2, 3]])).
test(member, member(X, [1, 2]), answers(X, [1, 2])).
test(memberchk, memberchk(X, [1, 2]), answers(X, [1])).
test(reverse, reverse([1, 2, 3], L), answers(L, [[3, 2, 1]])).
test(nth0, nth0(1, [a, b, c], X), answers(X, [b])).
test(nth1, nth1(N, [a, b], X), answers(N-X, [1-a, 2-b])).
test(last, last([1, 2, 3], X), answers(X, [3])).
test(sum_list, sum_list([1, 2, 3.5], S), answers(S, [6.5])).
test(max_list, max_list([1, 5, 2], M), answers(M, [5])).
test(numlist, numlist(1, 4, L), answers(L, [[1, 2, 3, 4]])).
test(select, select(X, [1, 2], R), answers(X-R, [1-[2], 2-[1]])).
test(permutation, permutation([1, 2, 3], L), answers(L, [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]])).
test(subtract, subtract([1, 2, 3], [2], L), answers(L, [[1, 3]])).
test(include, include(atom, [a, 1, b], L), answers(L, [[a, b]])).
test(exclude, exclude(atom, [a, 1, b], L), answers(L, [[1]])).
test(partition, partition(atom, [a, 1, b], I, O), answers(I-O, [[a, b]-[1]])).
test(foldl, foldl(plus, [1, 2, 3], 0, S), answers(S, [6])).
test(maplist_2, maplist(atom, [a, b]), true).
test(maplist_unequal, maplist(=, [1, 2], [1]), false).
test(delete, delete([a, b, a], a, L), answers(L, [[b]])).
test(list_to_set, list_to_set([a, b, a], L), answers(L, [[a, b]])).
test(flatten, flatten([1, [2, [3]], []], L), answers(L, [[1, 2, 3]])).
test(assoc, (list_to_assoc([b-2, a-1, c-3], A), get_assoc(b, A, V), put_assoc(d, A, 4, B), assoc_to_keys(B, Ks)), answers(V-Ks, [2-[a, b, c, d]])).
test(pairs, pairs_keys_values(P, [a, b], [1, 2]), answers(P, [[a-1, b-2]])).
