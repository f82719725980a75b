/* The tests of regions: what they have in common. */
#ifndef TESTS_REGION_H
#define TESTS_REGION_H

#include <check.h>
#include <gcalloc/region.h>

#include "support.h"

TCase *use_case(void);
TCase *objects_case(void);
TCase *points_case(void);
TCase *kills_case(void);
TCase *deaths_case(void);

/* ---- Trees whose contents tell whether they are whole ---- */

enum { SLOTS = 64 };

struct node;
struct table {
    struct node *slots[SLOTS];
};

/* Random numbers, by the seed of the process. */
extern uint64_t seed;
uint64_t roll(uint64_t below);

/* A new tree, in a bracket; NULL: no memory. */
struct node *make_tree(gc_region *r, int depth);

/* Ensures that the tree is whole, and returns how many objects it has. */
size_t check_tree(const struct node *n);

/* Makes the root "table" with a table without trees. */
void make_table(gc_region *r);

/* Ensures that the region is sound, that all trees are whole, and that a collection leaves what roots
 * lead to and nothing else.  Nobody else has the region. */
void check_region(gc_region *r);

/* ---- A region of each test's own, and lists ---- */

/* A fixture: the region of the running test, of 64 MiB, and its name. */
extern gc_region *ours;
extern const char *our_name;
void make_ours(void);
void unlink_ours(void);

struct link {
    struct link *next;
    long value;
};

/* Makes the root lead to a list of the numbers below count, and garbage between its links.  Works in a
 * frame of its own, of which nothing stays on the stack that is scanned later. */
void make_list(gc_region *region, const char *root, long count);
long sum_list(gc_region *region, const char *root);

/* How many objects are left by a collection. */
size_t live_objects(gc_region *region);

#endif
