/* Terms: making, unifying, comparing and copying them.  The walks keep what is still to be
 * done on a list of their own, so that the depth of terms is bounded by memory only. */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

/* What is still to be done; variables that are numbered, and what their cells had. */
static struct worklist work, undo;

void worklist_grow(struct worklist *list)
{
    size_t capacity = list->capacity ? 2 * list->capacity : 1024;
    word *words = realloc(list->words, capacity * sizeof(word));
    if (!words)
        fail_memory();
    list->words = words;
    list->capacity = capacity;
}

/* ---- Making ------------------------------------------------------------------------ */

term variable(void)
{
    return (term)new_cell();
}

term structure_new(struct functor *functor)
{
    struct functor **s = allocate((functor->arity + 1) * sizeof(term));
    *s = functor;
    return tagged(s, STRUCTURE);
}

term cons(term head, term tail)
{
    term *pair = check_memory(gc_alloc_inline(2 * sizeof(term)));
    pair[0] = head;
    pair[1] = tail;
    return tagged(pair, LIST);
}

term structure(struct atom *name, size_t arity, const term *args)
{
    if (arity == 0)
        return atom(name);
    if (name == atoms.dot && arity == 2)
        return cons(args[0], args[1]);
    term t = structure_new(functor_of(name, arity));
    memcpy(arguments(t), args, arity * sizeof(term));
    return t;
}

term list_of(const term *items, size_t count, term tail)
{
    while (count > 0)
        tail = cons(items[--count], tail);
    return tail;
}

term string_of_bytes(const char *text, size_t length)
{
    struct string *s = allocate_atomic(sizeof *s + length + 1);
    s->box.type = STRING;
    s->length = length;
    memcpy(s->text, text, length);
    s->text[length] = '\0';
    return tagged(s, BOX);
}

struct functor *functor_of_term(term t)
{
    if (tag_of(t) == LIST)
        return functor_of(atoms.dot, 2);
    return tag_of(t) == ATOM ? functor_of(atom_at(t), 0) : functor_at(t);
}

bool is_structure(term t, const struct atom *name, size_t arity)
{
    return tag_of(t) == STRUCTURE && functor_at(t)->name == name &&
           functor_at(t)->arity == arity;
}

static size_t arity_of(term compound)
{
    return tag_of(compound) == LIST ? 2 : functor_at(compound)->arity;
}

term *list_items(term list, size_t *count)
{
    size_t capacity = 16;
    term *items = allocate(capacity * sizeof(term)), t = deref(list);
    for (*count = 0; tag_of(t) == LIST; t = argument(t, 1)) {
        if (*count == capacity)
            items = check_memory(gc_realloc(items, (capacity *= 2) * sizeof(term)));
        items[(*count)++] = argument(t, 0);
    }
    if (tag_of(t) == REFERENCE)
        instantiation_error();
    if (!is_atom(t, atoms.nil))
        type_error("list", list);
    return items;
}

/* ---- Unifying ---------------------------------------------------------------------- */

static bool occurs_check;

static bool occurs_in(term variable, term t)
{
    size_t base = work.count;
    push(&work, t);
    while (work.count > base) {
        t = deref(pop(&work));
        if (t == variable) {
            work.count = base;
            return true;
        }
        for (size_t i = is_compound(t) ? arity_of(t) : 0; i > 0; i--)
            push(&work, (word)(arguments(t) + i - 1));
    }
    return false;
}

/* The younger one of two variables is bound. */
static bool unify_variable(term variable, term t)
{
    if (tag_of(t) == REFERENCE && *(term *)t > *(term *)variable) {
        bind(t, variable);
        return true;
    }
    if (occurs_check && occurs_in(variable, t))
        return false;
    bind(variable, t);
    return true;
}

/* Of two terms that are neither variables nor the same word. */
static bool unify_shallow(term a, term b)
{
    if (tag_of(a) != tag_of(b))
        return false;
    if (tag_of(a) == BOX)
        return ((is_number(a) && is_number(b)) ||
                (is_box(a, STRING) && is_box(b, STRING))) &&
               compare(a, b) == 0;
    return tag_of(a) == LIST ||
           (tag_of(a) == STRUCTURE && functor_at(a) == functor_at(b));
}

/* Of two terms that are not the same word; what is left to do comes onto the work list. */
static bool unify_pair(term a, term b)
{
    if (tag_of(a) == REFERENCE)
        return unify_variable(a, b);
    if (tag_of(b) == REFERENCE)
        return unify_variable(b, a);
    if (!unify_shallow(a, b))
        return false;
    for (size_t i = is_compound(a) ? arity_of(a) : 0; i > 0; i--) {
        push(&work, (word)(arguments(a) + i - 1));
        push(&work, (word)(arguments(b) + i - 1));
    }
    return true;
}

bool unify(term a, term b)
{
    size_t base = work.count;
    for (;;) {
        a = deref(a);
        b = deref(b);
        if (a != b && !unify_pair(a, b)) {
            work.count = base;
            return false;
        }
        if (work.count == base)
            return true;
        b = pop(&work);
        a = pop(&work);
    }
}

bool unify_with_occurs_check(term a, term b)
{
    occurs_check = true;
    bool unified = unify(a, b);
    occurs_check = false;
    return unified;
}

/* ---- The standard order ------------------------------------------------------------ */

enum rank { RANK_VARIABLE, RANK_NUMBER, RANK_BOX, RANK_ATOM, RANK_STRING, RANK_COMPOUND };

static enum rank rank(term t)
{
    static const enum rank ranks[] = {
        [REFERENCE] = RANK_VARIABLE, [INTEGER] = RANK_NUMBER, [ATOM] = RANK_ATOM,
        [STRUCTURE] = RANK_COMPOUND, [LIST] = RANK_COMPOUND,  [BOX] = RANK_BOX};
    return is_number(t)        ? RANK_NUMBER
           : is_box(t, STRING) ? RANK_STRING
                               : ranks[tag_of(t)];
}

static int compare_words(word a, word b)
{
    return (a > b) - (a < b);
}

static int compare_texts(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : compare_words(a_length, b_length);
}

static int compare_atoms(const struct atom *a, const struct atom *b)
{
    return compare_texts(a->text, a->length, b->text, b->length);
}

static int compare_strings(const struct string *a, const struct string *b)
{
    return compare_texts(a->text, a->length, b->text, b->length);
}

static int compare_functors(term a, term b)
{
    if (arity_of(a) != arity_of(b))
        return compare_words(arity_of(a), arity_of(b));
    return compare_atoms(functor_of_term(a)->name, functor_of_term(b)->name);
}

static int compare_variables(term a, term b)
{
    int by_age = compare_words(*(term *)a, *(term *)b);
    return by_age ? by_age : compare_words(a, b);
}

static int compare_numbers(term a, term b)
{
    int order = number_compare(a, b);
    return order ? order : (int)is_integer(a) - (int)is_integer(b);
}

/* Of two terms without looking at arguments. */
static int compare_shallow(term a, term b)
{
    enum rank ranks = rank(a);
    if (ranks != rank(b))
        return (int)ranks - (int)rank(b);
    switch (ranks) {
    case RANK_VARIABLE:
        return compare_variables(a, b);
    case RANK_NUMBER:
        return compare_numbers(a, b);
    case RANK_BOX:
        return compare_words(a, b);
    case RANK_ATOM:
        return compare_atoms(atom_at(a), atom_at(b));
    case RANK_STRING:
        return compare_strings(string_at(a), string_at(b));
    default:
        return compare_functors(a, b);
    }
}

int compare(term a, term b)
{
    size_t base = work.count;
    push(&work, a);
    push(&work, b);
    while (work.count > base) {
        b = deref(pop(&work));
        a = deref(pop(&work));
        if (a == b)
            continue;
        int order = compare_shallow(a, b);
        if (order) {
            work.count = base;
            return order;
        }
        for (size_t i = is_compound(a) ? arity_of(a) : 0; i > 0; i--) {
            push(&work, (word)(arguments(a) + i - 1));
            push(&work, (word)(arguments(b) + i - 1));
        }
    }
    return 0;
}

/* ---- Copying ----------------------------------------------------------------------- */

/* Where the copy of a compound term's arguments goes is noted on the work list. */
static term copy_compound(term t)
{
    size_t arity = arity_of(t);
    term result = tag_of(t) == LIST ? cons(0, 0) : structure_new(functor_at(t));
    for (size_t i = arity; i > 0; i--) {
        push(&work, (word)(arguments(t) + i - 1));
        push(&work, (word)(arguments(result) + i - 1));
    }
    return result;
}

/* The variable is bound to its number until the copy is done. */
static term number_variable(term v)
{
    term *cell = (term *)v;
    term number = (term)(undo.count / 2) << 3 | NUMBERED;
    push(&undo, v);
    push(&undo, *cell);
    return *cell = number;
}

static void unnumber_variables(void)
{
    while (undo.count > 0) {
        term content = pop(&undo);
        *(term *)pop(&undo) = content;
    }
}

/* The variable for a number; a new one is the cell that the term goes to itself. */
static term stand_in(word *made, term *to)
{
    if (*made)
        return *made;
    *made = (word)to;
    return vm.fresh;
}

/* Copies with `variables` in place of numbers, which get more where a variable is new;
 * variables NULL: they stay numbers. */
static term copy_with(term t, struct worklist *variables)
{
    term result = 0;
    size_t base = work.count;
    push(&work, (word)&t);
    push(&work, (word)&result);
    while (work.count > base) {
        term *to = (term *)pop(&work);
        term from = deref(pop(&work));
        if (is_compound(from)) {
            *to = copy_compound(from);
            continue;
        }
        if (tag_of(from) == REFERENCE) {
            from = number_variable(from);
            if (variables)
                push(variables, 0);
        }
        if (variables && tag_of(from) == NUMBERED)
            *to = stand_in(&variables->words[from >> 3], to);
        else
            *to = from;
    }
    return result;
}

term copy(term t)
{
    static struct worklist made;
    if (tag_of(deref(t)) == REFERENCE)
        return variable();
    made.count = 0;
    term result = copy_with(t, &made);
    unnumber_variables();
    return result;
}

term copy_numbered(term t, size_t *count)
{
    term result = copy_with(t, NULL);
    *count = undo.count / 2;
    unnumber_variables();
    return result;
}

term instantiate(term stored, term *variables)
{
    struct worklist list = {.words = variables};
    if (tag_of(stored) == NUMBERED && !variables[stored >> 3])
        variables[stored >> 3] = variable();
    return copy_with(stored, &list);
}

void walks_reset(void)
{
    work.count = 0;
    occurs_check = false;
    unnumber_variables();
}

bool is_ground(term t)
{
    size_t base = work.count;
    push(&work, t);
    while (work.count > base) {
        t = deref(pop(&work));
        if (tag_of(t) == REFERENCE || tag_of(t) == NUMBERED) {
            work.count = base;
            return false;
        }
        for (size_t i = is_compound(t) ? arity_of(t) : 0; i > 0; i--)
            push(&work, (word)(arguments(t) + i - 1));
    }
    return true;
}

term variables_of(term t)
{
    size_t base = work.count;
    push(&work, t);
    while (work.count > base) {
        t = deref(pop(&work));
        if (tag_of(t) == REFERENCE)
            number_variable(t);
        for (size_t i = is_compound(t) ? arity_of(t) : 0; i > 0; i--)
            push(&work, (word)(arguments(t) + i - 1));
    }
    term list = atom(atoms.nil);
    for (size_t i = undo.count; i > 0; i -= 2)
        list = cons(undo.words[i - 2], list);
    unnumber_variables();
    return list;
}

/* ---- Cycles ------------------------------------------------------------------------ */

/* The compound terms that a walk has come to, by address: a table that doubles; and whether it is still inside. */
struct visits {
    struct visit {
        void *object;
        bool inside;
    } * slots;
    size_t count, capacity;
};

static struct visit *visit_find(const struct visits *v, const void *object)
{
    size_t i = ((uintptr_t)object >> 4) * 0x9E3779B97F4A7C15 >> 20 & (v->capacity - 1);
    while (v->slots[i].object && v->slots[i].object != object)
        i = (i + 1) & (v->capacity - 1);
    return &v->slots[i];
}

static struct visit *visit_add(struct visits *v, void *object)
{
    if (2 * v->count >= v->capacity) {
        struct visits larger = {.count = v->count,
                                .capacity = v->capacity ? 2 * v->capacity : 64};
        larger.slots = allocate(larger.capacity * sizeof *larger.slots);
        for (size_t i = 0; i < v->capacity; i++)
            if (v->slots[i].object)
                *visit_find(&larger, v->slots[i].object) = v->slots[i];
        *v = larger;
    }
    v->count++;
    struct visit *visit = visit_find(v, object);
    *visit = (struct visit){object, true};
    return visit;
}

/* On the work list are terms to go into, and, with the tag UNBOUND, those to go out of. */
bool is_acyclic(term t)
{
    struct visits visits = {0};
    size_t base = work.count;
    push(&work, t);
    while (work.count > base) {
        t = deref(pop(&work));
        if (tag_of(t) == UNBOUND) {
            visit_find(&visits, address(t))->inside = false;
            continue;
        }
        if (!is_compound(t))
            continue;
        struct visit *seen = visits.capacity ? visit_find(&visits, address(t)) : NULL;
        if (seen && seen->object && seen->inside) {
            work.count = base;
            return false;
        }
        if (seen && seen->object)
            continue;
        visit_add(&visits, address(t));
        push(&work, tagged(address(t), UNBOUND));
        for (size_t i = arity_of(t); i > 0; i--)
            push(&work, (word)(arguments(t) + i - 1));
    }
    return true;
}
