% ISO 13211-1, 6.3 and 6.4: terms and tokens as they are read, and written so that they are read as the same.

read_as(Text, Written) :- reading(Text, T), with_output_to(atom(Written), write_canonical(T)).
reading(Text, T) :- term_to_atom(T0, Text), T = T0.

% What writeq/1 writes, which is to be read as an equal term.
shown(T, A) :- with_output_to(atom(A), writeq(T)), reading(A, U), T =@= U.

with_ops([], G) :- call(G).
with_ops([op(P, T, N)|Os], G) :-
    op(P, T, N), ( catch(with_ops(Os, G), E, true) -> R = true ; R = false ), op(0, T, N),
    ( nonvar(E) -> throw(E) ; R == true ).

% ---- Numbers

test(minus_number, read_as('- 1', A), answers(A, ['-1'])).
test(minus_comment, read_as('- /* c */ 1', A), answers(A, ['-1'])).
test(minus_quoted, read_as('\'-\'1', A), answers(A, ['-1'])).
test(minus_power, read_as('- 1^2', A), answers(A, ['^(-1,2)'])).
test(minus_parenthesis, read_as('- (1)', A), answers(A, ['-(1)'])).
test(minus_infix, read_as('a - 1', A), answers(A, ['-(a,1)'])).
test(minus_hexadecimal, read_as('-0x1f', A), answers(A, ['-31'])).
test(plus_number, read_as('+ 1', A), answers(A, ['+(1)'])).
test(no_radix, reading('16\'mod\'2', T), answers(T, [16 mod 2])).
test(no_radix_one, reading('1\'+\'1', T), answers(T, [1+1])).
test(radix_alone, reading('X = 2\'1', _), error(syntax_error(_))).
test(binary_operator, reading('0b1mod 2', T), answers(T, [1 mod 2])).
test(hexadecimal_operator, reading('0xamod 2', T), answers(T, [10 mod 2])).
test(zero_then_name, with_ops([op(9, yfx, bop)], read_as('0bop 2', A)), answers(A, ['bop(0,2)'])).
test(zero_then_x, with_ops([op(9, yfx, xor2)], read_as('0xor2 2', A)), answers(A, ['xor2(0,2)'])).
test(exponent_operator, with_ops([op(9, xf, e)], read_as('1.0e', A)), answers(A, ['e(1.0)'])).
test(exponent_sign, with_ops([op(9, xf, e)], read_as('1.0e- 9', A)), answers(A, ['-(e(1.0),9)'])).
test(exponent_upper, reading('1.5E+2', T), answers(T, [150.0])).
test(exponent_twice, reading('1.0ee9', _), error(syntax_error(_))).
test(exponent_integer, reading('1e10', _), error(syntax_error(_))).
test(float_too_large, reading('1.0e1000', _), error(syntax_error(_))).
test(code_quote, reading('0\'\'\'', T), answers(T, [39])).
test(code_quote_once, reading('0\'\'', _), error(syntax_error(_))).
test(code_quote_operator, with_ops([op(100, xf, '')], read_as('0\'\'', A)), answers(A, ['\'\'(0)'])).
test(code_escape, reading('[0\'\\n, 0\'\\x41\\, 0\'\\\\]', T), answers(T, [[10, 65, 92]])).
test(code_unknown_escape, reading('0\'\\q', _), error(syntax_error(_))).

% ---- Atoms

test(null, (char_code(C, 0), shown(C, A)), answers(A, ['\'\\x0\\\''])).
test(null_inside, (atom_length('a\0\b', N)), answers(N, [3])).
test(null_order, compare(O, 'a\0\b', 'a\0\c'), answers(O, [<])).
test(control, shown('\x1b\[0m', A), answers(A, ['\'\\x1b\\[0m\''])).
test(delete, shown('\x7f\', A), answers(A, ['\'\\x7f\\\''])).
test(line_goes_on, reading('\'a\\\nb\'', T), answers(T, [ab])).
test(line_ends, reading('\'a\nb\'', _), error(syntax_error(_))).

% ---- Operators

test(prefix_quoted, read_as('\'\\\\+\' a', A), answers(A, ['\\+(a)'])).
test(prefix_too_high, reading('{:- :- c}', _), error(syntax_error(_))).
test(prefix_in_argument, reading('f(:- a)', _), error(syntax_error(_))).
test(prefix_of_prefix, with_ops([op(100, fx, pre)], reading('pre pre 1', _)), error(syntax_error(_))).
test(prefix_parentheses, with_ops([op(100, fx, pre)], read_as('pre (pre 1)', A)), answers(A, ['pre(pre(1))'])).
test(postfix_twice, with_ops([op(100, xf, post)], reading('1 post post', _)), error(syntax_error(_))).
test(prefix_as_atom, read_as('- = x', A), answers(A, ['=(-,x)'])).
test(atoms_in_list, read_as('[:-|:-]', A), answers(A, ['[:-|:-]'])).

% ---- Writing

test(write_minus_number, shown(-(1), A), answers(A, ['-(1)'])).
test(write_minus_power, shown(-(1^2), A), answers(A, ['-(1^2)'])).
test(write_power_minus, shown((-1)^2, A), answers(A, ['-1^2'])).
test(write_minus_minus, shown(-(-(1)), A), answers(A, ['- -(1)'])).
test(write_minus_atom, shown(-(-(a)), A), answers(A, ['- -a'])).
test(write_minus_conjunction, shown(-((a, b)), A), answers(A, ['- (a,b)'])).
test(write_minus_sum, shown(-((a:-b) + c), A), answers(A, ['- ((a:-b)+c)'])).
test(write_difference, shown(1 - (-1), A), answers(A, ['1- -1'])).
test(write_operators, shown(((:-) :- (:-)), A), answers(A, ['(:-):-(:-)'])).
test(write_operator_left, shown(((dynamic), a), A), answers(A, ['(dynamic),a'])).
test(write_operator_argument, shown(f(:-, [-]), A), answers(A, ['f(:-,[-])'])).
test(write_prefix_left, with_ops([op(9, fy, fy), op(9, yf, yf)], shown(yf(fy(1)), A)), answers(A, ['(fy 1)yf'])).
test(write_prefix_outside, with_ops([op(9, fy, fy), op(9, yf, yf)], shown(fy(yf(1)), A)), answers(A, ['fy 1 yf'])).
test(write_right_left, with_ops([op(9, xfy, xfy), op(9, yf, yf)], shown(yf(xfy(1, 2)), A)), answers(A, ['(1 xfy 2)yf'])).
test(write_curly, shown('{}'((a, b)), A), answers(A, ['{a,b}'])).
test(variable_names, with_output_to(atom(A), write_term(f(X, Y, X), [variable_names(['X'=X, 'Foo'=Y])])), answers(A, ['f(X,Foo,X)'])).
test(variable_names_unbound, write_term(a, [variable_names(_)]), error(instantiation_error)).
test(variable_names_wrong, write_term(a, [variable_names([x])]), error(domain_error(write_option, variable_names([x])))).

% ---- Numbers of text

test(number_layout, number_codes(N, "/* c */ 1"), answers(N, [1])).
test(number_layout_line, number_codes(N, "%\n1"), answers(N, [1])).
test(number_minus_layout, number_codes(N, "- 1"), answers(N, [-1])).
test(number_plus, number_codes(_, "+1"), error(syntax_error(_))).
test(number_layout_behind, number_codes(_, "1 "), error(syntax_error(_))).
test(number_two, number_codes(_, "1 2"), error(syntax_error(_))).
test(number_dot, number_codes(_, "1."), error(syntax_error(_))).
test(number_escape, number_codes(N, "0'\\n"), answers(N, [10])).
test(number_item, number_chars(_, ['4', 2]), error(type_error(character, 2))).
test(number_code, number_codes(_, [0'1, '2']), error(representation_error(character_code))).
test(atom_code, atom_codes(_, [0'a, b]), error(representation_error(character_code))).
test(atom_char, atom_chars(_, [a, bc]), error(type_error(character, bc))).
test(atom_number_none, atom_number('1 2', _), false).
