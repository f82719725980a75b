/* Predicates and their clauses, and the walk through those that may match a call. */
#ifndef DATABASE_H
#define DATABASE_H

#include "prolog.h"

struct clause {
    struct box box;
    word *code; /* NULL: it was not called yet */
    term head, body;
    size_t variables;
    uint64_t erased; /* the generation from which on it is gone */
    struct predicate *predicate;
};

/* A clause, with what its first argument has to be; key 0: anything. */
struct entry {
    word key;
    struct clause *clause;
    struct entry *next; /* of the same key, where there is an index */
};

struct predicate {
    struct functor *functor;
    builtin *builtin;        /* in C, or NULL */
    const word *instruction; /* what the machine does itself, or NULL */
    struct entry *first,
        *end; /* its clauses, within an array of `room` from `array` on */
    struct entry *array;
    size_t room, erased;
    struct index *index; /* by first argument; NULL: there is none */
    bool not_indexable;  /* as a clause takes any first argument */
    bool defined, dynamic, protected, library;
    struct predicate *next; /* of all */
};

extern struct predicate *predicates;
extern uint64_t generation;
struct predicate *predicate_of(struct functor *functor);
/* From now on it is listed, and stays. */
void predicate_define(struct predicate *p);
/* Takes the clause out of its predicate; whoever runs in it goes on. */
void clause_erase(struct clause *clause);
void predicate_abolish(struct predicate *p);

/* Goes through the clauses that there were when it began and that may match a first argument. */
struct scan {
    struct entry *entry, *end; /* NULL: there is none left */
    word key;
    uint64_t generation;
    bool chained;
};

/* The entries of this key, where there is an index to find them by, or else all. */
struct entry *index_first(struct predicate *p, word key, bool *chained);

static inline word key_of(term first_argument)
{
    term t = deref(first_argument);
    switch (tag_of(t)) {
    case ATOM:
    case INTEGER:
        return t;
    case STRUCTURE:
        return (word)functor_at(t);
    case LIST:
    case BOX:
        return tag_of(t);
    default:
        return 0;
    }
}

/* To the first entry from `entry` on that may match. */
static inline void scan_from(struct scan *scan, struct entry *entry)
{
    if (scan->chained) {
        while (entry && entry < scan->end && entry->clause->erased <= scan->generation)
            entry = entry->next;
        scan->entry = entry && entry < scan->end ? entry : NULL;
        return;
    }
    word key = scan->key;
    for (; entry < scan->end; entry++) {
        if ((!key || !entry->key || entry->key == key) &&
            entry->clause->erased > scan->generation) {
            scan->entry = entry;
            return;
        }
    }
    scan->entry = NULL;
}

static inline void scan_next(struct scan *scan)
{
    scan_from(scan, scan->chained ? scan->entry->next : scan->entry + 1);
}

enum { INDEX_FROM = 8 /* clauses */ };

static inline void scan_begin(struct scan *scan, struct predicate *p, word key)
{
    struct entry *entry = p->first;
    scan->chained = false;
    if (key && p->end - entry >= INDEX_FROM)
        entry = index_first(p, key, &scan->chained);
    scan->end = p->end;
    scan->key = key;
    scan->generation = generation;
    scan_from(scan, entry);
}

word *compile(struct clause *clause);
struct clause *clause_new(term head, term body);

#endif
