% ISO 13211-1, 8.11 to 8.14: streams, characters, bytes, terms; format/2, global variables.

file('written.tmp').
with_file(Text, S, G) :-
    file(F), open(F, write, O), write(O, Text), close(O),
    open(F, read, S), call(G), close(S).

test(open_unbound, open(_, read, _), error(instantiation_error)).
test(open_mode_unbound, open(f, _, _), error(instantiation_error)).
test(open_mode, open(f, foo, _), error(domain_error(io_mode, foo))).
test(open_mode_type, open(f, 1, _), error(type_error(atom, 1))).
test(open_name, open(foo(1), read, _), error(domain_error(source_sink, foo(1)))).
test(open_missing, open('/nowhere/at/all', read, _), error(existence_error(source_sink, '/nowhere/at/all'))).
test(open_option, open(f, read, _, [foo]), error(domain_error(stream_option, foo))).
test(open_options, open(f, read, _, _), error(instantiation_error)).
test(open_bad_type, open(f, write, _, [type(bad)]), error(domain_error(stream_option, type(bad)))).
test(open_bad_eof, open(f, write, _, [eof_action(bad)]), error(domain_error(stream_option, eof_action(bad)))).
test(open_alias_twice, open(f, write, _, [alias(user_output)]), error(permission_error(open, source_sink, alias(user_output)))).
test(current_output_atom, current_output(foo), error(domain_error(stream, foo))).
test(property_of_atom, stream_property(foo, _), error(domain_error(stream, foo))).
test(property_unknown, stream_property(_, foo), error(domain_error(stream_property, foo))).
test(get_code_range, get_code(user_input, -2), error(representation_error(in_character_code))).
test(position, with_file('hëllo. world. ', S, (read(S, _), stream_property(S, position(P)), read(S, A), set_stream_position(S, P), read(S, B))), answers(A-B, [world-world])).
test(position_peeked, with_file('aïb', S, (get_char(S, _), peek_char(S, A), stream_property(S, position(P)), get_char(S, _), get_char(S, _), set_stream_position(S, P), get_char(S, B))), answers(A-B, ['ï'-'ï'])).
test(position_unbound, set_stream_position(user_input, _), error(instantiation_error)).
test(position_wrong, set_stream_position(user_input, foo), error(domain_error(stream_position, foo))).
test(include, (file(F), open(F, write, O), write(O, 'included(1).'), close(O), open('other.tmp', write, P), format(P, ":- include('~w').~nincluded(2).~n", [F]), close(P), consult('other.tmp'), findall(X, included(X), L)), answers(L, [[1, 2]])).
test(close_unbound, close(_), error(instantiation_error)).
test(close_unknown, close(no_such_stream), error(existence_error(stream, no_such_stream))).
test(close_number, close(3), error(domain_error(stream_or_alias, 3))).
test(closed_stream, (with_file(a, S, true), get_char(S, _)), error(existence_error(stream, _))).
test(get_char, with_file(ab, S, (get_char(S, A), get_char(S, B), get_char(S, C))), answers([A, B, C], [[a, b, end_of_file]])).
test(get_char_past_end, with_file('', S, (get_char(S, _), get_char(S, _))), error(permission_error(input, past_end_of_stream, _))).
test(get_code, with_file(ab, S, get_code(S, C)), answers(C, [97])).
test(get_unicode, with_file('ï', S, get_code(S, C)), answers(C, [0xEF])).
test(peek_char, with_file(ab, S, (peek_char(S, A), get_char(S, B))), answers(A-B, [a-a])).
test(peek_end, with_file('', S, peek_code(S, C)), answers(C, [-1])).
test(get_char_type, get_char(user_input, 1), error(type_error(in_character, 1))).
test(get_char_unbound, get_char(_, _), error(instantiation_error)).
test(get_char_output, get_char(user_output, _), error(permission_error(input, stream, user_output))).
test(put_char_input, put_char(user_input, a), error(permission_error(output, stream, user_input))).
test(put_char_unbound, put_char(_), error(instantiation_error)).
test(put_char_type, put_char(ab), error(type_error(character, ab))).
test(put_code_unbound, put_code(_), error(instantiation_error)).
test(put_char, (put_char(t), nl, put_code(0'x)), output('t\nx')).
test(tab, (tab(2), write(a), tab(1 + 1)), output('  a  ')).
test(bytes, (file(F), open(F, write, O, [type(binary)]), put_byte(O, 200), close(O), open(F, read, I, [type(binary)]), get_byte(I, B), get_byte(I, E), close(I)), answers(B-E, [200-(-1)])).
test(get_byte_text, get_byte(user_input, _), error(permission_error(input, text_stream, user_input))).
test(put_byte_text, put_byte(user_output, 1), error(permission_error(output, text_stream, user_output))).
test(put_byte_type, put_byte(user_output, ty), error(type_error(byte, ty))).
test(read, with_file('foo(X, Y, X). bar.', S, (read(S, A), read(S, B), read(S, C))), answers(A-B-C, [foo(X, _, X)-bar-end_of_file])).
test(read_names, with_file('f(X, _Y, X, _).', S, read_term(S, _, [variable_names(Ns), singletons(Ss), variables(Vs)])), true).
test(read_variable_names, with_file('f(X, Y).', S, read_term(S, T, [variable_names(Ns)])), answers(T-Ns, [f(A, B)-['X' = A, 'Y' = B]])).
test(read_end_missing, with_file('foo', S, read(S, _)), error(syntax_error(_))).
test(read_after_error, with_file('a b. c.', S, (catch(read(S, _), error(syntax_error(_), _), true), read(S, T))), answers(T, [c])).
test(read_number_end, with_file('X = 1. ok.', S, (read(S, _), read(S, T))), answers(T, [ok])).
test(read_option, read_term(user_input, _, [foo]), error(domain_error(read_option, foo))).
test(read_output, read(user_output, _), error(permission_error(input, stream, user_output))).
test(eof_property, with_file('', S, (get_char(S, _), stream_property(S, end_of_stream(E)))), answers(E, [past])).
test(mode_property, with_file('', S, stream_property(S, mode(M))), answers(M, [read])).
test(alias, (file(F), open(F, write, _, [alias(my_alias)]), write(my_alias, x), close(my_alias), open(F, read, I), get_char(I, C), close(I)), answers(C, [x])).
test(append_mode, (file(F), open(F, write, A), write(A, a), close(A), open(F, append, B), write(B, b), close(B), open(F, read, I), get_char(I, _), get_char(I, C), close(I)), answers(C, [b])).
test(set_output, (file(F), open(F, write, O), current_output(Old), set_output(O), write(hi), set_output(Old), close(O), open(F, read, I), get_char(I, C), close(I)), answers(C, [h])).
test(set_input, with_file('abc', S, (current_input(Old), set_input(S), get_char(C), set_input(Old))), answers(C, [a])).
test(at_end, with_file('', S, at_end_of_stream(S)), true).
test(consult, (file(F), open(F, write, O), write(O, 'consulted(1). consulted(2). :- assertz(seen(yes)).\n'), close(O), consult(F), findall(X, consulted(X), L), seen(Y)), answers(L-Y, [[1, 2]-yes])).

test(format_write, format("~w and ~q", ['A b', 'A b']), output('A b and \'A b\'')).
test(format_atom, format("~a~n", [abc]), output('abc\n')).
test(format_integer, format("~d ~D", [1234567, 1234567]), output('1234567 1,234,567')).
test(format_fraction, format("~2d", [1234]), output('12.34')).
test(format_float, format("~4f ~2f ~0f", [3.14159, 2, 2.5]), output('3.1416 2.00 2')).
test(format_exponent, format("~3e", [12345.678]), output('1.235e+04')).
test(format_string, format("~s", ["abc"]), output(abc)).
test(format_char, format("~c~3c", [0'a, 0'b]), output(abbb)).
test(format_radix, format("~8r ~16r ~16R", [64, 255, 255]), output('100 ff FF')).
test(format_tilde, format("100~~", []), output('100~')).
test(format_repeat, format("~`-t~10|", []), output('----------')).
test(format_column, format("~w~t~8|~w", [abc, d]), output('abc     d')).
test(format_right, format("~t~w~8|", [abc]), output('     abc')).
test(format_centre, format("~t~w~t~9|", [abc]), output('   abc   ')).
test(format_plus, format("~w~t~6+~w~t~6+|", [a, b]), output('a     b     |')).
test(format_ignore, format("~i~w", [a, b]), output(b)).
test(format_star, format("~*c", [3, 0'x]), output(xxx)).
test(format_print, format("~p", ['A']), output('\'A\'')).
test(format_single, format("~w", hello), output(hello)).
test(format_few, format("~w ~w", [a]), error(format(_))).
test(format_many, format("~w", [a, b]), error(format(_))).
test(format_type, format("~d", [a]), error(_)).
test(format_to_atom, format(atom(A), "~w-~w", [a, b]), answers(A, ['a-b'])).
test(with_output_to, with_output_to(codes(C), write(ab)), answers(C, ["ab"])).
test(nb_setval, (nb_setval(key, f(X)), nb_getval(key, V)), answers(V, [f(_)])).
test(nb_setval_kept, (( nb_setval(key, 1), fail ; true ), nb_getval(key, V)), answers(V, [1])).
test(b_setval, (nb_setval(key, 0), ( b_setval(key, 1), b_getval(key, V), W = V ; b_getval(key, W) )), answers(W, [1, 0])).
test(nb_getval_none, nb_getval(no_such_key, _), error(existence_error(_, no_such_key))).
