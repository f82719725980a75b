/* Pairs, lists, symbols and the equality predicates. */
#include "number.h"
#include "port.h"
#include "primitive.h"

SIMPLE(p_cons, cons(args[0], args[1]))

PRIMITIVE(p_set_car)
{
    pair_of(want_pair(args[0]))->car = args[1];
    return UNSPECIFIED;
}

PRIMITIVE(p_set_cdr)
{
    pair_of(want_pair(args[0]))->cdr = args[1];
    return UNSPECIFIED;
}

/* car, cdr and their compositions: follows the letters of "cadr" from the last on. */
PRIMITIVE(p_path)
{
    const char *name = vm.primitive->name, *letter = name + 1;
    value v = args[0];
    while (letter[1] != 'r')
        letter++;
    for (; letter > name; letter--) {
        if (!is_pair(v))
            fail("%s: %v does not have this part", name, args[0]);
        v = *letter == 'a' ? car(v) : cdr(v);
    }
    return v;
}

SIMPLE(p_car, car(want_pair(args[0])))
SIMPLE(p_cdr, cdr(want_pair(args[0])))

PRIMITIVE(p_list)
{
    value list = NIL;
    for (int i = argc; i > 0; i--)
        list = cons(args[i - 1], list);
    return list;
}

PRIMITIVE(p_cons_star)
{
    value list = args[argc - 1];
    for (int i = argc - 1; i > 0; i--)
        list = cons(args[i - 1], list);
    return list;
}

PRIMITIVE(p_make_list)
{
    value list = NIL;
    for (size_t n = want_index(args[0], 0, SIZE_MAX >> 4); n > 0; n--)
        list = cons(argc > 1 ? args[1] : FALSE, list);
    return list;
}

/* (iota count [start [step]]), of fixnums. */
PRIMITIVE(p_iota)
{
    intptr_t count = want_fixnum(args[0]);
    intptr_t start = argc > 1 ? want_fixnum(args[1]) : 0;
    intptr_t step = argc > 2 ? want_fixnum(args[2]) : 1;
    value list = NIL;
    for (intptr_t i = count; i > 0; i--)
        list = cons(fixnum(start + (i - 1) * step), list);
    return list;
}

static value want_list(value v)
{
    if (list_length(v) < 0)
        fail_type("a list", v);
    return v;
}

SIMPLE(p_length, fixnum(list_length(want_list(args[0]))))

/* A copy of the list that ends in `tail`. */
static value append(value list, value tail)
{
    if (want_list(list) == NIL)
        return tail;
    value copy = cons(car(list), tail), last = copy;
    for (list = cdr(list); is_pair(list); list = cdr(list)) {
        value cell = cons(car(list), tail);
        pair_of(last)->cdr = cell;
        last = cell;
    }
    return copy;
}

PRIMITIVE(p_append)
{
    value result = argc > 0 ? args[argc - 1] : NIL;
    for (int i = argc - 1; i > 0; i--)
        result = append(args[i - 1], result);
    return result;
}

/* Of the pairs; what ends an improper list stays. */
PRIMITIVE(p_list_copy)
{
    value list = args[0], reversed = NIL;
    while (is_pair(list)) {
        reversed = cons(car(list), reversed);
        list = cdr(list);
    }
    value copy = list;
    while (is_pair(reversed)) {
        value rest = cdr(reversed);
        pair_of(reversed)->cdr = copy;
        copy = reversed;
        reversed = rest;
    }
    return copy;
}

SIMPLE(p_reverse, list_reverse(want_list(args[0])))

/* Reuses the pairs of its argument. */
PRIMITIVE(p_reverse_in_place)
{
    value list = want_list(args[0]), reversed = NIL;
    while (is_pair(list)) {
        value rest = cdr(list);
        pair_of(list)->cdr = reversed;
        reversed = list;
        list = rest;
    }
    return reversed;
}

static value tail(value list, value index)
{
    value v = list;
    for (size_t n = want_index(index, 0, SIZE_MAX >> 4); n > 0; n--) {
        if (!is_pair(v))
            fail("%s: the list is shorter than %v", vm.primitive->name, index);
        v = cdr(v);
    }
    return v;
}

SIMPLE(p_list_tail, tail(args[0], args[1]))
SIMPLE(p_list_ref, car(want_pair(tail(args[0], args[1]))))

PRIMITIVE(p_list_set)
{
    pair_of(want_pair(tail(args[0], args[1])))->car = args[2];
    return UNSPECIFIED;
}

static bool eq(value a, value b)
{
    return a == b;
}

static value member(value *args, bool (*same)(value, value))
{
    for (value list = args[1]; is_pair(list); list = cdr(list)) {
        if (same(args[0], car(list)))
            return list;
    }
    return FALSE;
}

static value assoc(value *args, bool (*same)(value, value))
{
    for (value list = args[1]; is_pair(list); list = cdr(list)) {
        if (same(args[0], car(want_pair(car(list)))))
            return car(list);
    }
    return FALSE;
}

SIMPLE(p_memq, member(args, eq))
SIMPLE(p_memv, member(args, eqv))

/* Leaves the search to a procedure of the prelude, as it calls one of the program's. */
static value search_with_procedure(const char *name, value *args)
{
    want_procedure(args[2]);
    vm.callee = symbol_of(symbol(name))->global;
    vm.argc = 3;
    return TAIL_CALL;
}

PRIMITIVE(p_member)
{
    return argc == 2 ? member(args, equal) : search_with_procedure("%member", args);
}

SIMPLE(p_assq, assoc(args, eq))
SIMPLE(p_assv, assoc(args, eqv))

PRIMITIVE(p_assoc)
{
    return argc == 2 ? assoc(args, equal) : search_with_procedure("%assoc", args);
}

/* ---- Predicates and symbols ------------------------------------------------------ */

SIMPLE(p_is_pair, boolean(is_pair(args[0])))
SIMPLE(p_is_null, boolean(args[0] == NIL))
SIMPLE(p_is_list, boolean(list_length(args[0]) >= 0))
SIMPLE(p_is_symbol, boolean(is_symbol(args[0])))
SIMPLE(p_is_boolean, boolean(args[0] == TRUE || args[0] == FALSE))

static bool all_same(int argc, value *args)
{
    bool result = true;
    for (int i = 1; i < argc; i++)
        result = result && args[i] == args[0];
    return result;
}

PRIMITIVE(p_boolean_equal)
{
    for (int i = 0; i < argc; i++) {
        if (args[i] != TRUE && args[i] != FALSE)
            fail_type("a boolean", args[i]);
    }
    return boolean(all_same(argc, args));
}

PRIMITIVE(p_symbol_equal)
{
    for (int i = 0; i < argc; i++)
        want(args[i], TYPE_SYMBOL);
    return boolean(all_same(argc, args));
}

SIMPLE(p_not, boolean(args[0] == FALSE))
SIMPLE(p_eq, boolean(args[0] == args[1]))
SIMPLE(p_eqv, boolean(eqv(args[0], args[1])))
SIMPLE(p_equal, boolean(equal(args[0], args[1])))

PRIMITIVE(p_symbol_to_string)
{
    const struct string *name = symbol_of(want(args[0], TYPE_SYMBOL))->name;
    return string_from(name->chars, name->length);
}

SIMPLE(p_string_to_symbol, intern(want(args[0], TYPE_STRING)))

PRIMITIVE(p_gensym)
{
    static _Atomic intptr_t count;
    struct port *name = port_new(-1, true);
    port_puts(name, "g");
    port_puts(name, number_text(fixnum(++count), 10));
    return symbol_new(string_from_utf8(name->data, name->end));
}

static const struct definition definitions[] = {
    {"cons", p_cons, 2, 2},
    {"car", p_car, 1, 1},
    {"cdr", p_cdr, 1, 1},
    {"caar", p_path, 1, 1},
    {"cadr", p_path, 1, 1},
    {"cdar", p_path, 1, 1},
    {"cddr", p_path, 1, 1},
    {"caaar", p_path, 1, 1},
    {"caadr", p_path, 1, 1},
    {"cadar", p_path, 1, 1},
    {"caddr", p_path, 1, 1},
    {"cdaar", p_path, 1, 1},
    {"cdadr", p_path, 1, 1},
    {"cddar", p_path, 1, 1},
    {"cdddr", p_path, 1, 1},
    {"caaaar", p_path, 1, 1},
    {"caaadr", p_path, 1, 1},
    {"caadar", p_path, 1, 1},
    {"caaddr", p_path, 1, 1},
    {"cadaar", p_path, 1, 1},
    {"cadadr", p_path, 1, 1},
    {"caddar", p_path, 1, 1},
    {"cadddr", p_path, 1, 1},
    {"cdaaar", p_path, 1, 1},
    {"cdaadr", p_path, 1, 1},
    {"cdadar", p_path, 1, 1},
    {"cdaddr", p_path, 1, 1},
    {"cddaar", p_path, 1, 1},
    {"cddadr", p_path, 1, 1},
    {"cdddar", p_path, 1, 1},
    {"cddddr", p_path, 1, 1},
    {"set-car!", p_set_car, 2, 2},
    {"set-cdr!", p_set_cdr, 2, 2},
    {"list", p_list, 0, MANY},
    {"cons*", p_cons_star, 1, MANY},
    {"make-list", p_make_list, 1, 2},
    {"iota", p_iota, 1, 3},
    {"length", p_length, 1, 1},
    {"append", p_append, 0, MANY},
    {"list-copy", p_list_copy, 1, 1},
    {"reverse", p_reverse, 1, 1},
    {"reverse!", p_reverse_in_place, 1, 1},
    {"list-tail", p_list_tail, 2, 2},
    {"list-ref", p_list_ref, 2, 2},
    {"list-set!", p_list_set, 3, 3},
    {"memq", p_memq, 2, 2},
    {"memv", p_memv, 2, 2},
    {"member", p_member, 2, 3},
    {"assq", p_assq, 2, 2},
    {"assv", p_assv, 2, 2},
    {"assoc", p_assoc, 2, 3},
    {"pair?", p_is_pair, 1, 1},
    {"null?", p_is_null, 1, 1},
    {"list?", p_is_list, 1, 1},
    {"symbol?", p_is_symbol, 1, 1},
    {"boolean?", p_is_boolean, 1, 1},
    {"boolean=?", p_boolean_equal, 1, MANY},
    {"symbol=?", p_symbol_equal, 1, MANY},
    {"not", p_not, 1, 1},
    {"eq?", p_eq, 2, 2},
    {"eqv?", p_eqv, 2, 2},
    {"equal?", p_equal, 2, 2},
    {"symbol->string", p_symbol_to_string, 1, 1},
    {"string->symbol", p_string_to_symbol, 1, 1},
    {"gensym", p_gensym, 0, 0},
};

void define_lists(void)
{
    DEFINE_PRIMITIVES(definitions);
}
