/* Predicates and their clauses.  A call goes through the array of clauses that there is when
 * it begins.  The array only grows at its ends and is replaced by another one when it is full
 * or holds too much that was erased: so the call sees what there was (the logical update view),
 * and what it needs stays as long as it needs it. */
#include "database.h"

#include <string.h>

struct predicate *predicates;
uint64_t generation;
struct flags flags;

struct predicate *predicate_of(struct functor *functor)
{
    if (!functor->predicate) {
        struct predicate *p = allocate(sizeof *p);
        p->functor = functor;
        functor->predicate = p;
    }
    return functor->predicate;
}

void predicate_define(struct predicate *p)
{
    if (p->defined)
        return;
    p->defined = true;
    p->library = flags.library;
    p->protected = flags.booting && !flags.library;
    p->next = predicates;
    predicates = p;
}

/* ---- The index --------------------------------------------------------------------- */

struct index {
    size_t mask, used;
    struct slot {
        word key; /* 0: empty */
        struct entry *first, *last;
    } slots[];
};

static struct slot *slot_of(struct index *index, word key)
{
    size_t i = (key * 0x9E3779B97F4A7C15) >> 32 & index->mask;
    while (index->slots[i].key && index->slots[i].key != key)
        i = (i + 1) & index->mask;
    return &index->slots[i];
}

static void index_add(struct index *index, struct entry *entry, bool at_end)
{
    struct slot *slot = slot_of(index, entry->key);
    entry->next = NULL;
    if (!slot->key) {
        *slot = (struct slot){entry->key, entry, entry};
        index->used++;
    } else if (at_end) {
        slot->last->next = entry;
        slot->last = entry;
    } else {
        entry->next = slot->first;
        slot->first = entry;
    }
}

static void index_build(struct predicate *p)
{
    size_t size = 16;
    for (struct entry *e = p->first; e < p->end; e++) {
        if (!e->key) {
            p->not_indexable = true;
            return;
        }
    }
    while (size < 2 * p->room)
        size *= 2;
    p->index = allocate(sizeof *p->index + size * sizeof(struct slot));
    p->index->mask = size - 1;
    for (struct entry *e = p->first; e < p->end; e++)
        index_add(p->index, e, true);
}

struct entry *index_first(struct predicate *p, word key, bool *chained)
{
    if (!p->index && !p->not_indexable)
        index_build(p);
    *chained = p->index != NULL;
    return p->index ? slot_of(p->index, key)->first : p->first;
}

/* ---- Clauses ----------------------------------------------------------------------- */

/* Puts the clauses that are left into the middle of a larger array. */
static void predicate_move(struct predicate *p)
{
    size_t count = (size_t)(p->end - p->first) - p->erased, room = 3 * count + 8;
    struct entry *array = allocate(room * sizeof *array), *to = array + count + 4;
    struct entry *first = to;
    for (struct entry *e = p->first; e < p->end; e++) {
        if (e->clause->erased > generation)
            *to++ = (struct entry){e->key, e->clause, NULL};
    }
    p->array = array;
    p->room = room;
    p->first = first;
    p->end = to;
    p->erased = 0;
    p->index = NULL;
    p->not_indexable = false;
}

static word clause_key(const struct clause *clause)
{
    return is_compound(clause->head) ? key_of(arguments(clause->head)[0]) : 0;
}

static void clause_add(struct predicate *p, struct clause *clause, bool at_end)
{
    if (p->array == NULL ||
        (at_end ? p->end == p->array + p->room : p->first == p->array))
        predicate_move(p);
    generation++;
    struct entry *entry = at_end ? p->end++ : --p->first;
    *entry = (struct entry){clause_key(clause), clause, NULL};
    if (p->index && entry->key) {
        index_add(p->index, entry, at_end);
    } else if (!entry->key) {
        p->index = NULL;
        p->not_indexable = true;
    }
}

void clause_erase(struct clause *clause)
{
    struct predicate *p = clause->predicate;
    if (clause->erased <= generation)
        return;
    clause->erased = ++generation;
    p->erased++;
    while (p->first < p->end && p->first->clause->erased <= generation) {
        p->first++;
        p->erased--;
    }
    if (p->erased > (size_t)(p->end - p->first) / 2 + 8)
        predicate_move(p);
}

void predicate_abolish(struct predicate *p)
{
    for (struct entry *e = p->first; e < p->end; e++) {
        if (e->clause->erased > generation)
            e->clause->erased = generation + 1;
    }
    generation++;
    p->first = p->end = p->array = NULL;
    p->room = p->erased = 0;
    p->index = NULL;
}

enum { BODY_DEPTH_MAX = 20000 };

/* A goal as it is compiled: variables are called; 0: it is none. */
static term body_of(term t, int depth)
{
    t = deref(t);
    if (depth == 0)
        resource_error("depth_of_clause");
    if (tag_of(t) == REFERENCE)
        return structure(atoms.call, 1, &t);
    if (!is_callable(t))
        return 0;
    const struct functor *f = functor_of_term(t);
    bool control =
        f->arity == 2 && (f->name == atoms.comma || f->name == atoms.semicolon ||
                          f->name == atoms.arrow || f->name == atoms.soft_arrow);
    if (f->arity == 1 && f->name == atoms.not ) {
        term goal = argument(t, 0), negated = body_of(goal, depth - 1);
        if (!negated)
            negated = structure(atoms.call, 1, &goal);
        return structure(f->name, 1, &negated);
    }
    if (!control)
        return t;
    term parts[] = {body_of(argument(t, 0), depth - 1),
                    body_of(argument(t, 1), depth - 1)};
    return parts[0] && parts[1] ? structure(f->name, 2, parts) : 0;
}

struct clause *clause_new(term head, term body)
{
    struct clause *clause = allocate(sizeof *clause);
    term checked = body_of(body, BODY_DEPTH_MAX);
    if (!checked)
        type_error("callable", body);
    term stored = copy_numbered(structure(atoms.neck, 2, (term[]){head, checked}),
                                &clause->variables);
    clause->box.type = CLAUSE;
    clause->head = arguments(stored)[0];
    clause->body = arguments(stored)[1];
    clause->erased = UINT64_MAX;
    return clause;
}

static term indicator_of(const struct functor *f)
{
    return structure(atoms.slash, 2, (term[]){atom(f->name), integer((int64_t)f->arity)});
}

/* The predicate, which may be changed. */
static struct predicate *want_modifiable(struct functor *f, bool dynamically)
{
    struct predicate *p = predicate_of(f);
    if (p->library && !flags.booting && !dynamically) {
        predicate_abolish(p);
        p->library = false;
    }
    if (!flags.booting && !p->dynamic && (p->protected || (dynamically && p->defined)))
        permission_error("modify", "static_procedure", indicator_of(f));
    return p;
}

/* ---- Built-in predicates ----------------------------------------------------------- */

static void split_clause(term t, term *head, term *body)
{
    t = deref(t);
    bool rule = is_structure(t, atoms.neck, 2);
    *head = want_callable(rule ? argument(t, 0) : t);
    *body = rule ? argument(t, 1) : atom(atoms.yes);
}

static bool add_clause(term t, bool at_end, bool dynamically)
{
    term head, body;
    split_clause(t, &head, &body);
    struct clause *clause = clause_new(head, body);
    struct predicate *p = want_modifiable(functor_of_term(head), dynamically);
    if (dynamically && !p->defined)
        p->dynamic = true;
    predicate_define(p);
    clause->predicate = p;
    clause_add(p, clause, at_end);
    return true;
}

static bool builtin_assertz(term *a)
{
    return add_clause(a[0], true, true);
}

static bool builtin_asserta(term *a)
{
    return add_clause(a[0], false, true);
}

static bool builtin_add_clause(term *a)
{
    return add_clause(a[0], true, false);
}

static struct functor *want_indicator(term t)
{
    t = deref(t);
    if (tag_of(t) == REFERENCE)
        instantiation_error();
    if (!is_structure(t, atoms.slash, 2))
        type_error("predicate_indicator", t);
    struct atom *name = want_atom(argument(t, 0));
    int64_t arity = want_integer(argument(t, 1));
    if (arity < 0)
        domain_error("not_less_than_zero", argument(t, 1));
    if (arity > 255)
        representation_error("max_arity");
    return functor_of(name, (size_t)arity);
}

static bool builtin_dynamic(term *a)
{
    struct predicate *p = want_modifiable(want_indicator(a[0]), false);
    predicate_define(p);
    return p->dynamic = true;
}

static bool builtin_abolish(term *a)
{
    struct functor *f = want_indicator(a[0]);
    struct predicate *p = predicate_of(f);
    if (p->defined && !p->dynamic)
        permission_error("modify", "static_procedure", indicator_of(f));
    predicate_abolish(p);
    return true;
}

/* $wipe(Name/Arity): before a file that defines the predicate is read again. */
static bool builtin_wipe(term *a)
{
    predicate_abolish(want_modifiable(want_indicator(a[0]), false));
    return true;
}

struct cursor {
    struct box box;
    struct scan scan;
};

/* $clauses(Head, Action, Cursor): of the clauses that may match. */
static bool builtin_clauses(term *a)
{
    term head = want_callable(a[0]);
    struct functor *f = functor_of_term(head);
    struct predicate *p = predicate_of(f);
    struct atom *action = want_atom(a[1]);
    struct cursor *cursor = allocate(sizeof *cursor);
    if (!p->dynamic && (p->defined || p->builtin || p->instruction) &&
        strcmp(action->text, "list"))
        permission_error(action->text,
                         strcmp(action->text, "modify") ? "private_procedure"
                                                        : "static_procedure",
                         indicator_of(f));
    cursor->box.type = CURSOR;
    scan_begin(&cursor->scan, p, is_compound(head) ? key_of(argument(head, 0)) : 0);
    return cursor->scan.entry && unify(a[2], tagged(cursor, BOX));
}

/* $next_clause(Cursor, Clause, More) */
static bool builtin_next_clause(term *a)
{
    struct cursor *cursor = address(deref(a[0]));
    if (!cursor->scan.entry)
        return false;
    struct clause *clause = cursor->scan.entry->clause;
    scan_next(&cursor->scan);
    return unify(a[1], tagged(clause, BOX)) &&
           unify(a[2], atom(cursor->scan.entry ? atoms.yes : atoms.no));
}

static struct clause *clause_at(term t)
{
    return address(deref(t));
}

/* $clause(Clause, Head, Body) */
static bool builtin_clause(term *a)
{
    struct clause *clause = clause_at(a[0]);
    term *variables = allocate((clause->variables + 1) * sizeof(term));
    return unify(a[1], instantiate(clause->head, variables)) &&
           unify(a[2], instantiate(clause->body, variables));
}

/* $erase(Clause): fails if it is gone already. */
static bool builtin_erase(term *a)
{
    struct clause *clause = clause_at(a[0]);
    if (clause->erased <= generation)
        return false;
    clause_erase(clause);
    return true;
}

static term properties_of(const struct predicate *p)
{
    term items[] = {atom(atom_of(p->dynamic ? "dynamic" : "static")),
                    atom(atom_of(p->protected || p->builtin ? "built_in" : "user")),
                    atom(atom_of(p->library ? "library" : "program"))};
    return list_of(items, 3, atom(atoms.nil));
}

/* $predicates(Name, List): of p(Name/Arity, Properties); Name may be unknown. */
static bool builtin_predicates(term *a)
{
    term list = atom(atoms.nil), name = deref(a[0]);
    struct atom *p_atom = atom_of("p");
    for (struct predicate *p = predicates; p; p = p->next) {
        if (tag_of(name) == ATOM && atom_at(name) != p->functor->name)
            continue;
        if (p->first == p->end && !p->dynamic && !p->builtin && !p->instruction)
            continue;
        term item[] = {indicator_of(p->functor), properties_of(p)};
        list = cons(structure(p_atom, 2, item), list);
    }
    return unify(a[1], list);
}

/* $built_in(Head): whether it is one of the system's own. */
static bool builtin_built_in(term *a)
{
    return predicate_of(functor_of_term(want_callable(a[0])))->protected;
}

static bool builtin_flag(term *a)
{
    struct atom *name = want_atom(a[0]);
    if (name == atoms.double_quotes)
        flags.double_quotes = want_atom(a[1]);
    else if (name == atoms.unknown)
        flags.unknown = want_atom(a[1]);
    return true;
}

/* $library: what follows may be redefined by programs. */
static bool builtin_library(term *a)
{
    (void)a;
    return flags.library = true;
}

void define(const char *name, size_t arity, builtin *function)
{
    struct predicate *p = predicate_of(functor_of(atom_of(name), arity));
    p->builtin = function;
    predicate_define(p);
    p->protected = true;
}

void define_database(void)
{
    flags.booting = true;
    flags.double_quotes = atoms.codes;
    flags.unknown = atoms.error;
    define("assertz", 1, builtin_assertz);
    define("assert", 1, builtin_assertz);
    define("asserta", 1, builtin_asserta);
    define("$add_clause", 1, builtin_add_clause);
    define("$dynamic", 1, builtin_dynamic);
    define("abolish", 1, builtin_abolish);
    define("$wipe", 1, builtin_wipe);
    define("$clauses", 3, builtin_clauses);
    define("$next_clause", 3, builtin_next_clause);
    define("$clause", 3, builtin_clause);
    define("$erase", 1, builtin_erase);
    define("$predicates", 2, builtin_predicates);
    define("$built_in", 1, builtin_built_in);
    define("$flag", 2, builtin_flag);
    define("$library", 0, builtin_library);
}
