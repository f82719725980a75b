/* Built-in predicates that look at terms, compare, sort and keep them; and the heap. */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#include <gcalloc/weakmap.h>

/* ---- Taking terms apart ------------------------------------------------------------- */

static bool functor_of_new(term *a)
{
    term name = want_bound(a[1]);
    int64_t arity = want_integer(a[2]);
    if (arity == 0) {
        if (is_compound(name))
            type_error("atomic", name);
        return unify(a[0], name);
    }
    if (arity < 0)
        domain_error("not_less_than_zero", integer(arity));
    if (arity > ARITY_MAX)
        representation_error("max_arity");
    if (is_compound(name))
        type_error("atomic", name);
    if (tag_of(name) != ATOM)
        type_error("atom", name);
    term *args = allocate((size_t)arity * sizeof(term));
    for (int64_t i = 0; i < arity; i++)
        args[i] = variable();
    return unify(a[0], structure(atom_at(name), (size_t)arity, args));
}

static bool builtin_functor(term *a)
{
    term t = deref(a[0]);
    if (tag_of(t) == REFERENCE)
        return functor_of_new(a);
    if (!is_compound(t))
        return unify(a[1], t) && unify(a[2], integer(0));
    const struct functor *f = functor_of_term(t);
    return unify(a[1], atom(f->name)) && unify(a[2], integer((int64_t)f->arity));
}

static bool builtin_arg(term *a)
{
    int64_t n = want_integer(a[0]);
    term t = want_bound(a[1]);
    if (!is_compound(t))
        type_error("compound", t);
    if (n < 0)
        domain_error("not_less_than_zero", integer(n));
    return n > 0 && n <= (int64_t)functor_of_term(t)->arity &&
           unify(a[2], argument(t, (size_t)n - 1));
}

static bool univ_new(term *a)
{
    size_t count;
    term *items = list_items(a[1], &count);
    if (count == 0)
        domain_error("non_empty_list", atom(atoms.nil));
    term name = want_bound(items[0]);
    if (count == 1) {
        if (is_compound(name))
            type_error("atomic", name);
        return unify(a[0], name);
    }
    if (tag_of(name) != ATOM)
        type_error(is_compound(name) ? "atomic" : "atom", name);
    if (count - 1 > ARITY_MAX)
        representation_error("max_arity");
    return unify(a[0], structure(atom_at(name), count - 1, items + 1));
}

static void want_partial_list(term list)
{
    term t = deref(list);
    while (tag_of(t) == LIST)
        t = argument(t, 1);
    if (tag_of(t) != REFERENCE && !is_atom(t, atoms.nil))
        type_error("list", list);
}

static bool builtin_univ(term *a)
{
    term t = deref(a[0]), nil = atom(atoms.nil);
    if (tag_of(t) == REFERENCE)
        return univ_new(a);
    if (!is_compound(t))
        return unify(a[1], cons(t, nil));
    want_partial_list(a[1]);
    const struct functor *f = functor_of_term(t);
    term *items = allocate((f->arity + 1) * sizeof(term));
    items[0] = atom(f->name);
    for (size_t i = 0; i < f->arity; i++)
        items[i + 1] = argument(t, i);
    return unify(a[1], list_of(items, f->arity + 1, nil));
}

static bool builtin_copy_term(term *a)
{
    return unify(a[1], copy(a[0]));
}

static bool builtin_term_variables(term *a)
{
    return unify(a[1], variables_of(a[0]));
}

static bool builtin_ground(term *a)
{
    return is_ground(a[0]);
}

static bool builtin_acyclic_term(term *a)
{
    return is_acyclic(a[0]);
}

/* $skip_list(List, Length, Rest): what is behind its cells. */
static bool builtin_skip_list(term *a)
{
    int64_t length = 0;
    term t = deref(a[0]);
    for (; tag_of(t) == LIST; t = argument(t, 1))
        length++;
    return unify(a[1], integer(length)) && unify(a[2], t);
}

/* ---- Comparing and sorting ---------------------------------------------------------- */

static bool builtin_unify(term *a)
{
    return unify(a[0], a[1]);
}

static bool builtin_unify_with_occurs_check(term *a)
{
    return unify_with_occurs_check(a[0], a[1]);
}

static bool builtin_compare(term *a)
{
    term order = deref(a[0]);
    struct atom *orders[] = {atoms.less, atoms.equal, atoms.greater};
    if (tag_of(order) != REFERENCE) {
        struct atom *name = want_atom(order);
        if (name != orders[0] && name != orders[1] && name != orders[2])
            domain_error("order", order);
    }
    int result = compare(a[1], a[2]);
    return unify(order, atom(orders[(result > 0) - (result < 0) + 1]));
}

static bool builtin_before(term *a)
{
    return compare(a[0], a[1]) < 0;
}

static bool builtin_after(term *a)
{
    return compare(a[0], a[1]) > 0;
}

static bool builtin_not_after(term *a)
{
    return compare(a[0], a[1]) <= 0;
}

static bool builtin_not_before(term *a)
{
    return compare(a[0], a[1]) >= 0;
}

struct order {
    size_t key;      /* which argument; 0: the whole */
    int direction;   /* 1 or -1 */
    bool duplicates; /* are kept */
};

static term key_term(term t, size_t key)
{
    if (key == 0)
        return t;
    if (!is_compound(t))
        type_error("compound", want_bound(t));
    if (functor_of_term(t)->arity < key)
        type_error("compound", t);
    return argument(t, key - 1);
}

static int compare_by(const struct order *order, term a, term b)
{
    return order->direction * compare(key_term(a, order->key), key_term(b, order->key));
}

static void merge(const struct order *order, term *to, const term *a, const term *a_end,
                  const term *b, const term *b_end)
{
    while (a < a_end && b < b_end)
        *to++ = compare_by(order, *a, *b) <= 0 ? *a++ : *b++;
    while (a < a_end)
        *to++ = *a++;
    while (b < b_end)
        *to++ = *b++;
}

/* Merges runs of growing length, from one array to the other and back. */
static term *sort(const struct order *order, term *items, size_t count)
{
    term *other = allocate((count + 1) * sizeof(term));
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t i = 0; i < count; i += 2 * run) {
            size_t middle = i + run < count ? i + run : count;
            size_t end = middle + run < count ? middle + run : count;
            merge(order, other + i, items + i, items + middle, items + middle,
                  items + end);
        }
        term *t = items;
        items = other;
        other = t;
    }
    return items;
}

/* sort(Key, Order, List, Sorted) */
static bool builtin_sort(term *a)
{
    size_t count, kept = 0;
    int64_t key = want_integer(a[0]);
    const char *name = want_atom(a[1])->text;
    if (strcmp(name, "@<") && strcmp(name, "@=<") && strcmp(name, "@>") &&
        strcmp(name, "@>="))
        domain_error("order", deref(a[1]));
    if (key < 0)
        domain_error("not_less_than_zero", integer(key));
    struct order order = {(size_t)key, name[1] == '<' || name[1] == '=' ? 1 : -1,
                          strchr(name, '=') != NULL};
    term *items = list_items(a[2], &count);
    for (size_t i = 0; i < count && count == 1; i++)
        key_term(items[i], order.key);
    items = sort(&order, items, count);
    for (size_t i = 0; i < count; i++) {
        if (order.duplicates || kept == 0 ||
            compare_by(&order, items[kept - 1], items[i]))
            items[kept++] = items[i];
    }
    return unify(a[3], list_of(items, kept, atom(atoms.nil)));
}

/* ---- Keeping terms ----------------------------------------------------------------- */

struct bag {
    struct box box;
    term first, last;
};

static bool builtin_bag_new(term *a)
{
    struct bag *bag = allocate(sizeof *bag);
    *bag = (struct bag){{BAG}, atom(atoms.nil), 0};
    return unify(a[0], tagged(bag, BOX));
}

static bool builtin_bag_add(term *a)
{
    struct bag *bag = address(deref(a[0]));
    term pair = cons(copy(a[1]), atom(atoms.nil));
    if (bag->last)
        arguments(bag->last)[1] = pair;
    else
        bag->first = pair;
    bag->last = pair;
    return true;
}

/* $bag_take(Bag, List): what was added, which is the list's alone from now on. */
static bool builtin_bag_take(term *a)
{
    struct bag *bag = address(deref(a[0]));
    term list = bag->first;
    bag->first = bag->last = 0;
    return unify(a[1], list);
}

/* Global variables: a map from atoms to cells. */
static gc_weakmap *globals;

static term *global_cell(struct atom *name, bool create)
{
    term *cell = gc_weakmap_get(globals, name);
    if (!cell && create) {
        cell = allocate(sizeof *cell);
        *cell = integer(0);
        if (gc_weakmap_put(globals, name, cell))
            fail_memory();
    }
    return cell;
}

static bool builtin_nb_setval(term *a)
{
    term value = copy(a[1]);
    *global_cell(want_atom(a[0]), true) = value;
    return true;
}

static bool builtin_b_setval(term *a)
{
    term *cell = global_cell(want_atom(a[0]), true);
    trail(cell, *cell);
    *cell = deref(a[1]);
    return true;
}

static bool builtin_getval(term *a)
{
    struct atom *name = want_atom(a[0]);
    const term *cell = global_cell(name, false);
    if (!cell)
        existence_error("variable", atom(name));
    return unify(a[1], *cell);
}

/* ---- Operators --------------------------------------------------------------------- */

static const struct operator_type {
    const char *name;
    enum fixity fixity;
    char left, right;
} operator_types[] = {{"xfx", INFIX, 1, 1}, {"xfy", INFIX, 1, 0}, {"yfx", INFIX, 0, 1},
                      {"fy", PREFIX, 0, 0}, {"fx", PREFIX, 0, 1}, {"xf", POSTFIX, 1, 0},
                      {"yf", POSTFIX, 0, 0}};

enum { OPERATOR_TYPES = sizeof operator_types / sizeof *operator_types };

/* $op(Priority, Type, Name): of arguments that were checked */
static bool builtin_op(term *a)
{
    struct atom *name = want_atom(a[2]);
    const char *type = want_atom(a[1])->text;
    for (size_t i = 0; i < OPERATOR_TYPES; i++) {
        const struct operator_type *o = &operator_types[i];
        if (strcmp(o->name, type))
            continue;
        name->operators[o->fixity] =
            (struct operator){(short)want_integer(a[0]), o->left, o->right};
        atom_keep(name);
        return true;
    }
    domain_error("operator_specifier", deref(a[1]));
}

static term operators_of(struct atom *name, term list)
{
    for (size_t i = 0; i < OPERATOR_TYPES; i++) {
        const struct operator_type *type = &operator_types[i];
        struct operator o = name->operators[type->fixity];
        if (o.priority && o.left == type->left && o.right == type->right)
            list = cons(structure(atom_of("op"), 3,
                                  (term[]){integer(o.priority), atom(atom_of(type->name)),
                                           atom(name)}),
                        list);
    }
    return list;
}

/* $operators(Name, List): Name may be unknown */
static bool builtin_operators(term *a)
{
    term list = atom(atoms.nil), name = deref(a[0]);
    if (tag_of(name) == ATOM)
        return unify(a[1], operators_of(atom_at(name), list));
    for (struct kept_atom *k = kept_atoms; k; k = k->next)
        list = operators_of(k->atom, list);
    return unify(a[1], list);
}

/* ---- The system -------------------------------------------------------------------- */

static bool builtin_throw(term *a)
{
    throw_term(want_bound(a[0]));
}

static bool builtin_halt(term *a)
{
    exit((int)want_integer(a[0]));
}

static bool builtin_true(term *a)
{
    (void)a;
    return true;
}

/* $level(Level): the newest choice point */
static bool builtin_level(term *a)
{
    return unify(a[0], integer((int64_t)((uintptr_t)vm.choice >> 3)));
}

static bool builtin_gc(term *a)
{
    (void)a;
    gc_collect();
    return true;
}

/* $heap(Collections, LiveBytes, LiveObjects, HeapBytes, AllocatedBytes, PauseMicroseconds, Atoms) */
static bool builtin_heap(term *a)
{
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    uint64_t numbers[] = {stats.collections,     stats.live_bytes,
                          stats.live_objects,    stats.heap_bytes,
                          stats.allocated_bytes, stats.pause_ns_total / 1000,
                          atoms_count()};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!unify(a[i], integer((int64_t)numbers[i])))
            return false;
    }
    return true;
}

static const struct builtin_entry {
    const char *name;
    size_t arity;
    builtin *function;
} builtins[] = {
    {"functor", 3, builtin_functor},
    {"arg", 3, builtin_arg},
    {"=..", 2, builtin_univ},
    {"copy_term", 2, builtin_copy_term},
    {"$variables", 2, builtin_term_variables},
    {"ground", 1, builtin_ground},
    {"acyclic_term", 1, builtin_acyclic_term},
    {"$skip_list", 3, builtin_skip_list},
    {"=", 2, builtin_unify},
    {"unify_with_occurs_check", 2, builtin_unify_with_occurs_check},
    {"compare", 3, builtin_compare},
    {"@<", 2, builtin_before},
    {"@>", 2, builtin_after},
    {"@=<", 2, builtin_not_after},
    {"@>=", 2, builtin_not_before},
    {"sort", 4, builtin_sort},
    {"$bag_new", 1, builtin_bag_new},
    {"$bag_add", 2, builtin_bag_add},
    {"$bag_take", 2, builtin_bag_take},
    {"nb_setval", 2, builtin_nb_setval},
    {"b_setval", 2, builtin_b_setval},
    {"nb_getval", 2, builtin_getval},
    {"b_getval", 2, builtin_getval},
    {"$op", 3, builtin_op},
    {"$operators", 2, builtin_operators},
    {"throw", 1, builtin_throw},
    {"halt", 1, builtin_halt},
    {"true", 0, builtin_true},
    {"gc", 0, builtin_gc},
    {"$level", 1, builtin_level},
    {"$heap", 7, builtin_heap},
};

void define_terms(void)
{
    atoms.neck->operators[INFIX] = (struct operator){1200, 1, 1};
    atoms.neck->operators[PREFIX] = (struct operator){1200, 0, 1};
    atom_keep(atoms.neck);
    globals = check_memory(gc_weakmap_new(0, NULL, NULL, NULL));
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        define(builtins[i].name, builtins[i].arity, builtins[i].function);
}
