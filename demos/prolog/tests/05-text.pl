% ISO 13211-1, 8.16: atomic terms; 8.17: flags; 8.14.3: operators; 7.10.5: writing; 6.3: reading.

read_from(A, T) :- term_to_atom(T0, A), T = T0.
shown(T, A) :- with_output_to(atom(A), writeq(T)).
canonical(T, A) :- with_output_to(atom(A), write_canonical(T)).
greeting --> [hello], name.
name --> [world].
name --> [prolog].
digits([D|T]) --> digit(D), digits(T).
digits([D]) --> digit(D).
digit(D) --> [D], { D >= 0'0, D =< 0'9 }.
count(0) --> [].
count(N) --> [_], count(M), { N is M + 1 }.
opt --> ( "a" -> "b" ; "c" ).
none --> \+ "x", [_].
cutting --> "a", !, "b".
cutting --> "ac".
pushed, [a] --> [b].

test(atom_length, atom_length('enchanted evening', N), answers(N, [17])).
test(atom_length_empty, atom_length('', N), answers(N, [0])).
test(atom_length_unicode, atom_length('naïve', N), answers(N, [5])).
test(atom_length_check, atom_length(scarlet, 5), false).
test(atom_length_unbound, atom_length(_, _), error(instantiation_error)).
test(atom_length_type, atom_length(atom, four), error(type_error(integer, four))).
test(atom_length_negative, atom_length(atom, -4), error(domain_error(not_less_than_zero, -4))).
test(atom_concat, atom_concat(hello, ' world', A), answers(A, ['hello world'])).
test(atom_concat_prefix, atom_concat(A, ' world', 'small world'), answers(A, [small])).
test(atom_concat_suffix, atom_concat(small, A, 'small world'), answers(A, [' world'])).
test(atom_concat_not, atom_concat(big, _, 'small world'), false).
test(atom_concat_all, atom_concat(X, Y, ab), answers(X-Y, [''-ab, a-b, ab-''])).
test(atom_concat_unbound, atom_concat(_, b, _), error(instantiation_error)).
test(sub_atom, sub_atom(abracadabra, 0, 5, _, S), answers(S, [abrac])).
test(sub_atom_end, sub_atom(abracadabra, _, 5, 0, S), answers(S, [dabra])).
test(sub_atom_middle, sub_atom(abracadabra, 3, L, 3, S), answers(L-S, [5-acada])).
test(sub_atom_find, sub_atom(abracadabra, B, 2, A, ab), answers(B-A, [0-9, 7-2])).
test(sub_atom_each, sub_atom(abc, _, 1, _, S), answers(S, [a, b, c])).
test(sub_atom_all, sub_atom(ab, B, L, A, S), answers(B/L/A/S, [0/0/2/'', 0/1/1/a, 0/2/0/ab, 1/0/1/'', 1/1/0/b, 2/0/0/''])).
test(sub_atom_not, sub_atom(abc, _, _, _, x), false).
test(sub_atom_unicode, sub_atom('aïb', 1, 1, _, S), answers(S, ['ï'])).
test(sub_atom_unbound, sub_atom(_, _, _, _, _), error(instantiation_error)).
test(sub_atom_type, sub_atom(abc, a, _, _, _), error(type_error(integer, a))).
test(sub_atom_negative, sub_atom(abc, -1, _, _, _), error(domain_error(not_less_than_zero, -1))).
test(atom_chars, atom_chars(ant, L), answers(L, [[a, n, t]])).
test(atom_chars_back, atom_chars(A, [s, o, p]), answers(A, [sop])).
test(atom_chars_partial, atom_chars(A, [a|_]), error(instantiation_error)).
test(atom_chars_match, atom_chars(soap, [s|T]), answers(T, [[o, a, p]])).
test(atom_chars_unbound, atom_chars(_, _), error(instantiation_error)).
test(atom_chars_number, atom_chars(12, L), answers(L, [['1', '2']])).
test(atom_chars_empty, atom_chars([], L), answers(L, [['[', ']']])).
test(atom_codes, atom_codes(abc, L), answers(L, [[0'a, 0'b, 0'c]])).
test(atom_codes_back, atom_codes(A, "xyz"), answers(A, [xyz])).
test(char_code, char_code(a, C), answers(C, [97])).
test(char_code_back, char_code(C, 0x61), answers(C, [a])).
test(char_code_unbound, char_code(_, _), error(instantiation_error)).
test(char_code_type, char_code(ab, _), error(type_error(character, ab))).
test(char_code_negative, char_code(_, -1), error(representation_error(character_code))).
test(number_codes, number_codes(X, "42"), answers(X, [42])).
test(number_codes_spaces, number_codes(X, " 42"), answers(X, [42])).
test(number_codes_float, number_codes(X, "4.2e1"), answers(X, [42.0])).
test(number_codes_char, number_codes(X, "0'a"), answers(X, [97])).
test(number_codes_hex, number_codes(X, "0xff"), answers(X, [255])).
test(number_codes_negative, number_codes(X, "-5"), answers(X, [-5])).
test(number_codes_syntax, number_codes(_, "3x"), error(syntax_error(_))).
test(number_codes_write, number_codes(42, L), answers(L, ["42"])).
test(number_chars, number_chars(X, ['3', '.', '5']), answers(X, [3.5])).
test(number_chars_syntax, number_chars(_, [a]), error(syntax_error(_))).
test(number_chars_unbound, number_chars(_, ['1'|_]), error(instantiation_error)).
test(number_chars_type, number_chars(a, _), error(type_error(number, a))).
test(atom_number, atom_number('42', X), answers(X, [42])).
test(atom_number_not, atom_number(foo, _), false).
test(atom_number_back, atom_number(A, 42), answers(A, ['42'])).
test(upcase_atom, upcase_atom('hello World', A), answers(A, ['HELLO WORLD'])).
test(downcase_atom, downcase_atom('Hello', A), answers(A, [hello])).
test(char_type, char_type(a, alpha), true).
test(char_type_digit, char_type('7', digit(W)), answers(W, [7])).
test(atomic_list_concat, atomic_list_concat([a, 1, 'B'], A), answers(A, [a1B])).
test(atomic_list_concat_separator, atomic_list_concat([a, b, c], '-', A), answers(A, ['a-b-c'])).
test(atomic_list_concat_split, atomic_list_concat(L, ',', 'a,b,,c'), answers(L, [[a, b, '', c]])).
test(term_to_atom_back, term_to_atom(T, 'foo(X, Y, X)'), answers(T, [foo(A, _, A)])).

test(flag_bounded, current_prolog_flag(bounded, X), answers(X, [false])).
test(flag_quotes, current_prolog_flag(double_quotes, X), answers(X, [codes])).
test(flag_type, current_prolog_flag(1, _), error(type_error(atom, 1))).
test(flag_unknown, set_prolog_flag(no_such_flag, 1), error(domain_error(prolog_flag, no_such_flag))).
test(flag_value, set_prolog_flag(double_quotes, 1), error(domain_error(flag_value, double_quotes + 1))).
test(flag_fixed, set_prolog_flag(max_arity, 3), error(permission_error(modify, flag, max_arity))).
test(flag_unbound, set_prolog_flag(_, 1), error(instantiation_error)).
test(flag_chars, (set_prolog_flag(double_quotes, chars), read_from('"ab"', X), set_prolog_flag(double_quotes, codes)), answers(X, [[a, b]])).
test(flag_atom, (set_prolog_flag(double_quotes, atom), read_from('"ab"', X), set_prolog_flag(double_quotes, codes)), answers(X, [ab])).
test(unknown_fail, (set_prolog_flag(unknown, fail), ( no_such_predicate(1) -> X = yes ; X = no ), set_prolog_flag(unknown, error)), answers(X, [no])).

test(op, (op(700, xfx, ===>), read_from('a ===> b', T), T =.. L, op(0, xfx, ===>)), answers(L, [[===>, a, b]])).
test(op_current, current_op(P, T, mod), answers(P-T, [400-yfx])).
test(op_current_minus, (findall(P-T, current_op(P, T, -), L), msort(L, S)), answers(S, [[200-fy, 500-yfx]])).
test(op_current_type, current_op(1201, _, _), error(domain_error(operator_priority, 1201))).
test(op_current_specifier, current_op(_, yfy, _), error(domain_error(operator_specifier, yfy))).
test(op_current_name, current_op(_, _, 1), error(type_error(atom, 1))).
test(op_priority, op(1201, xfx, foo), error(domain_error(operator_priority, 1201))).
test(op_type, op(max, xfy, ++), error(type_error(integer, max))).
test(op_specifier, op(30, yfy, ++), error(domain_error(operator_specifier, yfy))).
test(op_name, op(30, xfy, 0), error(type_error(list, 0))).
test(op_names, op(30, xfy, [a, 0]), error(type_error(atom, 0))).
test(op_unbound, op(_, xfx, ++), error(instantiation_error)).
test(op_comma, op(30, xfy, ','), error(permission_error(modify, operator, ','))).
test(op_list, op(30, xfy, []), error(permission_error(create, operator, []))).
test(op_prefix, (op(200, xfy, &), op(200, fy, &), read_from('& a & b', T), T =.. [F|_], op(0, fy, &), op(0, xfy, &)), answers(F, [&])).

test(write_operators, shown(1 + 2 * 3 - f(-), A), answers(A, ['1+2*3-f(-)'])).
test(write_parentheses, shown((1 + 2) * 3, A), answers(A, ['(1+2)*3'])).
test(write_left, shown(1 - (2 - 3), A), answers(A, ['1-(2-3)'])).
test(write_power, shown((2 ^ 3) ^ 4, A), answers(A, ['(2^3)^4'])).
test(write_quoted, shown(['A', b, 'c d', [], '', '!', ;, {}], A), answers(A, ['[\'A\',b,\'c d\',[],\'\',!,;,{}]'])).
test(write_escape, shown('a\nb\\', A), answers(A, ['\'a\\nb\\\\\''])).
test(write_negative, shown(-1, A), answers(A, ['-1'])).
test(write_minus, shown(-(1), A), answers(A, ['-(1)'])).
test(write_minus_minus, shown(-(-(1)), A), answers(A, ['- -(1)'])).
test(write_minus_negative, shown(-(-1), A), answers(A, ['- -1'])).
test(write_minus_atom, shown(-a, A), answers(A, ['-a'])).
test(write_minus_minus_atom, shown(-(-(a)), A), answers(A, ['- -a'])).
test(write_subtract_negative, shown(1 - (-1), A), answers(A, ['1- -1'])).
test(write_not, shown(\+ a, A), answers(A, ['\\+a'])).
test(write_not_conj, shown(\+ (a, b), A), answers(A, ['\\+ (a,b)'])).
test(write_clause, shown((a :- b, c ; d), A), answers(A, ['a:-b,c;d'])).
test(write_arrow, shown((a -> b ; c), A), answers(A, ['a->b;c'])).
test(write_equal, shown(a = b, A), answers(A, ['a=b'])).
test(write_is, shown(X is 1, A), true).
test(write_mod, shown(1 mod 2, A), answers(A, ['1 mod 2'])).
test(write_list, shown([a, b|c], A), answers(A, ['[a,b|c]'])).
test(write_curly, shown({a, b}, A), answers(A, ['{a,b}'])).
test(write_argument, shown(f((a, b), (c :- d)), A), answers(A, ['f((a,b),(c:-d))'])).
test(write_operator_argument, shown(f(+, -), A), answers(A, ['f(+,-)'])).
test(write_operator_operand, shown([-] - (-), A), true).
test(write_numbervars, shown('$VAR'(27), A), answers(A, ['B1'])).
test(write_float, shown(1.0e10, A), answers(A, ['10000000000.0'])).
test(write_float_small, shown(0.1, A), answers(A, ['0.1'])).
test(write_float_large, shown(1.0e100, A), answers(A, ['1.0e100'])).
test(write_canonical, canonical(1 + [a], A), true).
test(write_term_ops, with_output_to(atom(A), write_term(1 + 2, [ignore_ops(true)])), answers(A, ['+(1,2)'])).
test(write_plain, with_output_to(atom(A), write('A'('b c'))), answers(A, ['A(b c)'])).
test(write_option, write_term(a, [foo]), error(domain_error(write_option, foo))).
test(write_option_unbound, write_term(a, [quoted(true)|_]), error(instantiation_error)).
test(print_message, with_output_to(atom(A), print('A')), answers(A, ['\'A\''])).

test(read_negative, read_from('- 1', T), answers(T, [-1])).
test(read_negative_number, (read_from('-1', T), integer(T)), true).
test(read_subtract, (read_from('a - 1', T), T = a - 1), true).
test(read_subtract_tight, (read_from('a -1', T), T = a - 1), true).
test(read_prefix_operator, (read_from('- (1)', T), T = -(1)), true).
test(read_functional, (read_from('-(1)', T), T = -(1)), true).
test(read_functional_two, (read_from('-(1, 2)', T), T = 1 - 2), true).
test(read_operator_atom, read_from('[-]', T), answers(T, [[-]])).
test(read_operator_atoms, read_from('f(+, *)', T), answers(T, [f(+, *)])).
test(read_operator_equal, (read_from('X = +', T), T = (_ = +)), true).
test(read_block, read_from('{a}', T), answers(T, [{}(a)])).
test(read_char_code, read_from('0\'a', T), answers(T, [97])).
test(read_char_quote, read_from('0\'\'\'', T), answers(T, [39])).
test(read_hex, read_from('0xFF', T), answers(T, [255])).
test(read_octal, read_from('0o17', T), answers(T, [15])).
test(read_binary, read_from('0b101', T), answers(T, [5])).
test(read_escapes, read_from('\'\\x41\\\\n\'', T), answers(T, ['A\n'])).
test(read_quote_quote, read_from('\'don\'\'t\'', T), answers(T, ['don\'t'])).
test(read_string, read_from('"ab"', T), answers(T, [[97, 98]])).
test(read_bar, (read_from('(a | b)', T), T = '|'(a, b)), true).
test(read_list_tail, read_from('[a, b|[c]]', T), answers(T, [[a, b, c]])).
test(read_nested_priority, read_from('f((:- a))', T), answers(T, [f((:- a))])).
test(atom_length_number, atom_length(1.5, _), error(type_error(atom, 1.5))).
test(sub_atom_sub, sub_atom(abc, _, _, _, 2), error(type_error(atom, 2))).
test(char_code_type, char_code(a, x), error(type_error(integer, x))).
test(max_integer, current_prolog_flag(max_integer, _), false).
test(char_conversion, current_char_conversion(a, C), answers(C, [a])).
test(join, atomic_list_concat([a, 1, "b", 2.5], '-', A), answers(A, ['a-1-b-2.5'])).
test(split, atomic_list_concat(L, ', ', 'a, b, , c'), answers(L, [[a, b, '', c]])).
test(read_syntax, read_from('a b', _), error(syntax_error(_))).
test(read_syntax_2, read_from('f(a', _), error(syntax_error(_))).
test(read_syntax_3, read_from('[a|b|c]', _), error(syntax_error(_))).
test(read_syntax_4, read_from('a = = b', _), error(syntax_error(_))).
test(read_xfx, read_from('a = b = c', _), error(syntax_error(_))).
test(read_associativity, (read_from('1 - 2 - 3', T), T = (1 - 2) - 3), true).
test(read_associativity_2, (read_from('a , b , c', T), T = (a, (b, c))), true).
test(read_power, (read_from('2 ^ 3 ^ 4', T), T = 2 ^ (3 ^ 4)), true).
test(read_negation, (read_from('\\+ a, b', T), T = (\+ a, b)), true).
test(read_minus_power, (read_from('- a ^ 2', T), T = -(a ^ 2)), true).

test(phrase, phrase(greeting, [hello, world]), true).
test(phrase_not, phrase(greeting, [hello, moon]), false).
test(phrase_rest, phrase(name, [world, x], R), answers(R, [[x]])).
test(phrase_digits, (phrase(digits(Ds), "123"), atom_codes(A, Ds)), answers(A, ['123'])).
test(phrase_count, phrase(count(N), [a, b]), answers(N, [2])).
test(phrase_if, phrase(opt, "ab"), true).
test(phrase_else, phrase(opt, "c"), true).
test(phrase_not_follows, phrase(none, "y"), true).
test(phrase_cut, phrase(cutting, "ac"), false).
test(phrase_pushback, phrase(pushed, [b], R), answers(R, [[a]])).
test(phrase_unbound, phrase(_, []), error(instantiation_error)).
test(phrase_type, phrase(1, []), error(type_error(callable, 1))).
test(phrase_list, phrase(name, world), error(type_error(list, world))).
test(phrase_terminals, phrase([a, b], [a, b]), true).
test(dcg_translate, (dcg_translate_rule((a --> b, [c]), (H :- B)), H =.. [a, S0, S], B = (b(S0, S1), S1 = [c|S])), true).
