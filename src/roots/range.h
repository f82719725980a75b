/* A range of memory to scan, and lists of them.  Nothing is scanned here.  A list that
 * lacks a range says that it is incomplete. */
#ifndef GCALLOC_ROOTS_RANGE_H
#define GCALLOC_ROOTS_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    uintptr_t low, high; /* [low, high) */
};

/* Grows in the library's own memory. */
struct range_list {
    struct range *ranges;
    size_t count, capacity;
    bool incomplete; /* some range is missing: no memory, or it could not be found out */
};

void range_list_clear(struct range_list *l);
void range_list_add(struct range_list *l, uintptr_t low, uintptr_t high);

/* Whether one range of the list contains this one. */
bool range_list_has(const struct range_list *l, struct range r);

/* Each range has an end, and the list has room for all. */
void range_list_check(const struct range_list *l);

/* Makes room for so many more, so that adding them will not fail. */
void range_list_reserve(struct range_list *l, size_t more);

/* What a list has, and what was added to it in order, as whole words: so that no word is in it
 * twice. */
struct range_cover {
    struct range_list *list;
    size_t known, next; /* the first so many ranges; those before `next` lie below */
    uintptr_t end;      /* of what was added */
};

/* Sorts the list, whose ranges come to be of whole words, and joins those that overlap. */
void range_cover_begin(struct range_cover *c, struct range_list *l);

/* Adds what the list lacks of a range.  Ranges come in order of their low ends. */
void range_cover_add(struct range_cover *c, struct range r);

/* Adds [low, high) without [hole_low, hole_high). */
void range_list_add_without(struct range_list *l, struct range r, struct range hole);

#endif
