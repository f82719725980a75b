% ISO 13211-1, 8.6, 8.7 and 9: arithmetic.

test(add, X is 3 + 4, answers(X, [7])).
test(add_float, X is 3 + 4.5, answers(X, [7.5])).
test(subtract, X is 3 - 4, answers(X, [-1])).
test(multiply, X is 3 * 11, answers(X, [33])).
test(divide_exact, X is 33 / 3, answers(X, [11])).
test(divide, X is 7 / 2, answers(X, [3.5])).
test(integer_divide, X is 7 // 2, answers(X, [3])).
test(integer_divide_negative, X is -7 // 2, answers(X, [-3])).
test(div, X is -7 div 2, answers(X, [-4])).
test(mod, X is 7 mod 3, answers(X, [1])).
test(mod_negative, X is -7 mod 3, answers(X, [2])).
test(mod_negative_2, X is 7 mod -3, answers(X, [-2])).
test(rem, X is -7 rem 3, answers(X, [-1])).
test(negative, X is -(3), answers(X, [-3])).
test(nested, X is 1 + 2 * 3 - 4, answers(X, [3])).
test(abs, X is abs(-5), answers(X, [5])).
test(abs_float, X is abs(-5.5), answers(X, [5.5])).
test(sign, X is sign(-3), answers(X, [-1])).
test(sign_float, X is sign(2.5), answers(X, [1.0])).
test(min, X is min(2, 3), answers(X, [2])).
test(max, X is max(2, 3.5), answers(X, [3.5])).
test(float, X is float(7), answers(X, [7.0])).
test(truncate, X is truncate(-0.5), answers(X, [0])).
test(round, X is round(7.5), answers(X, [8])).
test(ceiling, X is ceiling(-0.5), answers(X, [0])).
test(floor, X is floor(7.4), answers(X, [7])).
test(floor_negative, X is floor(-0.4), answers(X, [-1])).
test(integer, X is integer(2.5), answers(X, [3])).
test(float_integer_part, X is float_integer_part(2.5), answers(X, [2.0])).
test(float_fractional_part, X is float_fractional_part(2.5), answers(X, [0.5])).
test(power, X is 2 ** 3, answers(X, [8])).
test(power_float, X is 2 ** 3.0, answers(X, [8.0])).
test(power_caret, X is 2 ^ 10, answers(X, [1024])).
test(power_negative, X is 2 ^ (-1), error(type_error(float, 2))).
test(power_one, X is 1 ^ (-1), answers(X, [1])).
test(power_zero, X is 0 ^ 0, answers(X, [1])).
test(sqrt, X is sqrt(4.0), answers(X, [2.0])).
test(sqrt_negative, _ is sqrt(-1.0), error(evaluation_error(undefined))).
test(sin, X is sin(0.0), answers(X, [0.0])).
test(cos, X is cos(0), answers(X, [1.0])).
test(atan, (X is atan(1.0) * 4, Y is truncate(X * 1000)), answers(Y, [3141])).
test(atan2, X is atan2(0, 1.0), answers(X, [0.0])).
test(exp, X is exp(0), answers(X, [1.0])).
test(log, X is log(1.0), answers(X, [0.0])).
test(log_zero, _ is log(0), error(evaluation_error(undefined))).
test(log_negative, _ is log(-1), error(evaluation_error(undefined))).
test(pi, (X is pi, Y is truncate(X * 100)), answers(Y, [314])).
test(shift_left, X is 16 << 2, answers(X, [64])).
test(shift_right, X is 19 >> 2, answers(X, [4])).
test(shift_negative, X is -16 >> 2, answers(X, [-4])).
test(and, X is 10 /\ 12, answers(X, [8])).
test(or, X is 10 \/ 12, answers(X, [14])).
test(xor, X is 10 xor 12, answers(X, [6])).
test(not, X is \ 10, answers(X, [-11])).
test(gcd, X is gcd(12, 18), answers(X, [6])).
test(msb, X is msb(1000), answers(X, [9])).
test(big_factor, X is 1000000000000 * 1000000000000, answers(X, [1000000000000000000000000])).
test(big_add, X is 1152921504606846975 + 1, answers(X, [1152921504606846976])).
test(big_add_64, X is 9223372036854775807 + 1, answers(X, [9223372036854775808])).
test(big_subtract, X is -1152921504606846976 - 1, answers(X, [-1152921504606846977])).
test(big_back, (X is 2 ** 70, Y is X - (2 ** 70 - 5)), answers(Y, [5])).
test(big_power, X is 7 ** 30, answers(X, [22539340290692258087863249])).
test(big_divide, X is 10 ** 30 // 10 ** 28, answers(X, [100])).
test(big_mod, X is 10 ** 30 mod 7, answers(X, [1])).
test(big_negative_mod, X is -(10 ** 30) mod 7, answers(X, [6])).
test(big_shift, X is 1 << 100, answers(X, [1267650600228229401496703205376])).
test(big_shift_back, X is (1 << 100) >> 98, answers(X, [4])).
test(big_compare, 10 ** 30 > 10 ** 29, true).
test(big_compare_small, 10 ** 30 < 5, false).
test(big_float, X is float(10 ** 20), answers(X, [1.0e20])).
test(big_abs, X is abs(-(10 ** 20)), answers(X, [100000000000000000000])).
test(big_compare_float, 10 ** 20 =:= 1.0e20, true).
test(unbound, _ is _ + 1, error(instantiation_error)).
test(not_evaluable_atom, _ is foo, error(type_error(evaluable, foo/0))).
test(not_evaluable, _ is foo(1, 2), error(type_error(evaluable, foo/2))).
test(not_evaluable_nested, _ is 1 + foo, error(type_error(evaluable, foo/0))).
test(zero_divisor, _ is 1 // 0, error(evaluation_error(zero_divisor))).
test(zero_divisor_2, _ is 1 mod 0, error(evaluation_error(zero_divisor))).
test(zero_divisor_3, _ is 1 / 0, error(evaluation_error(zero_divisor))).
test(integer_wanted, _ is 7.5 mod 2, error(type_error(integer, 7.5))).
test(integer_wanted_2, _ is 1.0 // 2, error(type_error(integer, 1.0))).
test(integer_wanted_3, _ is 1 << 1.0, error(type_error(integer, 1.0))).
test(float_overflow, _ is 1.0e308 * 10, error(evaluation_error(float_overflow))).
test(is_check, 3 is 1 + 2, true).
test(is_check_float, 3.0 is 1 + 2, false).
test(is_bound_expression, (E = 1 + 2, X is E * 2), answers(X, [6])).
test(equal, 1 + 2 =:= 3, true).
test(equal_float, 1 =:= 1.0, true).
test(different, 1 =\= 2, true).
test(less, 1 < 2.0, true).
test(greater, 3 * 2 > 5, true).
test(not_greater, 7 =< 7, true).
test(not_less, 7 >= 8, false).
test(compare_unbound, _ < 1, error(instantiation_error)).
test(compare_atom, a =:= 1, error(type_error(evaluable, a/0))).
test(succ, succ(3, X), answers(X, [4])).
test(succ_back, succ(X, 4), answers(X, [3])).
test(succ_zero, succ(_, 0), false).
test(succ_negative, succ(-1, _), error(domain_error(not_less_than_zero, -1))).
test(succ_unbound, succ(_, _), error(instantiation_error)).
test(plus, plus(1, X, 3), answers(X, [2])).

test(power_negative, X is 2 ** -1, answers(X, [0.5])).
test(power_integer_negative, X is 2 ^ -1, error(type_error(float, 2))).
test(power_one_negative, X is 1 ** -3, answers(X, [1])).
test(power_minus_one, X is -1 ** -3, answers(X, [-1])).
test(power_zero_negative, _ is 0 ** -1, error(evaluation_error(zero_divisor))).
