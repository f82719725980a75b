% Strings, which are no part of the standard: text that is not an atom.

:- set_prolog_flag(double_quotes, string).

quoted(T, A) :- with_output_to(atom(A), writeq(T)).

test(string, string("abc"), true).
test(string_atom, string(abc), false).
test(string_codes_list, string([0'a]), false).
test(string_atomic, atomic("a"), true).
test(string_not_atom, atom("a"), false).
test(string_not_compound, compound("a"), false).
test(unify_same, "abc" = "abc", true).
test(unify_other, "abc" = "abd", false).
test(unify_atom, "abc" = abc, false).
test(unify_in_head, clause_for_text("key", V), answers(V, [found])).
clause_for_text("other", wrong).
clause_for_text("key", found).
clause_for_text(key, atom).
test(identical, "abc" == "abc", true).
test(order, msort(["b", "a", a, 1, f(x), "ab", ""], L), answers(L, [[1, a, "", "a", "ab", "b", f(x)]])).
test(write, with_output_to(atom(A), write("a b")), answers(A, ['a b'])).
test(writeq, quoted("a\nb\"c'", A), answers(A, ['"a\\nb\\"c\'"'])).
test(print_format, format("~w ~q ~a ~s", ["a", "b", "c", "d"]), output('a "b" c d')).
test(read_back, (quoted(f("x\\y"), A), term_to_atom(T, A)), answers(T, [f("x\\y")])).
test(length, string_length("naïve", N), answers(N, [5])).
test(length_atom, string_length(abc, N), answers(N, [3])).
test(length_number, string_length(1234, N), answers(N, [4])).
test(concat, string_concat("ab", "cd", S), answers(S, ["abcd"])).
test(concat_mixed, string_concat(ab, 12, S), answers(S, ["ab12"])).
test(concat_check, string_concat("ab", "cd", "abcd"), true).
test(concat_split, string_concat(A, B, "ab"), answers(A-B, [""-"ab", "a"-"b", "ab"-""])).
test(concat_front, string_concat("ab", B, "abcd"), answers(B, ["cd"])).
test(concat_unbound, string_concat(_, _, _), error(instantiation_error)).
test(sub_string, sub_string("hello world", B, _, 0, "world"), answers(B, [6])).
test(sub_string_each, sub_string("abc", B, 2, A, S), answers(B-A-S, [0-1-"ab", 1-0-"bc"])).
test(sub_string_unicode, sub_string("aïb", 1, 1, _, S), answers(S, ["ï"])).
test(to_atom, string_to_atom("x y", A), answers(A, ['x y'])).
test(of_atom, string_to_atom(S, abc), answers(S, ["abc"])).
test(atom_string, atom_string(A, "abc"), answers(A, [abc])).
test(atom_string_back, atom_string(abc, S), answers(S, ["abc"])).
test(chars, string_chars("ab", L), answers(L, [[a, b]])).
test(chars_back, string_chars(S, [a, b]), answers(S, ["ab"])).
test(codes, string_codes("ab", L), answers(L, [[97, 98]])).
test(codes_back, string_codes(S, [97, 98]), answers(S, ["ab"])).
test(code, string_code(2, "abc", C), answers(C, [98])).
test(code_out, string_code(4, "abc", _), false).
test(number_string, number_string(N, " 42"), answers(N, [42])).
test(number_string_back, number_string(4.5, S), answers(S, ["4.5"])).
test(number_string_none, number_string(_, "4x"), false).
test(term_string, term_string(S, f(X, 'A', "s", X)), true).
test(term_string_back, term_string("g(Y, Y, 1)", T), answers(T, [g(Y, Y, 1)])).
test(split, split_string("/home//jan", "/", "", L), answers(L, [["", "home", "", "jan"]])).
test(split_padding, split_string("a ; b;c ", ";", " ", L), answers(L, [["a", "b", "c"]])).
test(split_strip, split_string("  a b ", "", " ", L), answers(L, [["a b"]])).
test(upper, string_upper("aBc", S), answers(S, ["ABC"])).
test(lower, string_lower("aBc", S), answers(S, ["abc"])).
test(text_concat, text_concat("a", b, S), answers(S, ["ab"])).
test(text_concat_atoms, text_concat(a, b, S), answers(S, [ab])).
test(text_to_string, text_to_string([h, i], S), answers(S, ["hi"])).
test(with_output_to, with_output_to(string(S), write(hi)), answers(S, ["hi"])).
test(format_to, format(string(S), "~w-~w", [a, b]), answers(S, ["a-b"])).
test(atom_length, atom_length("abc", N), answers(N, [3])).
test(atom_codes, atom_codes("ab", L), answers(L, [[97, 98]])).
test(assert, (assertz(kept("some text")), kept(S)), answers(S, ["some text"])).
test(findall, findall(S, member(S, ["a", "b"]), L), answers(L, [["a", "b"]])).
test(grammar, phrase(("ab", [0'c]), [0'a, 0'b, 0'c]), true).
test(codes_flag, (set_prolog_flag(double_quotes, codes), term_to_atom(T, '"ab"'), set_prolog_flag(double_quotes, string)), answers(T, [[97, 98]])).
