/* The tests of regions: what they have in common. */
#ifndef TESTS_REGION_H
#define TESTS_REGION_H

#include <check.h>
#include <gcalloc/region.h>
#include <sys/types.h>

TCase *use_case(void);
TCase *points_case(void);
TCase *kills_case(void);

/* Ends the process with a message if the condition does not hold: for children, in which Check's
 * assertions are not to be used. */
#define ENSURE(condition) \
    ((condition) ? (void)0 : ensure_failed(__FILE__, __LINE__, #condition))
_Noreturn void ensure_failed(const char *file, int line, const char *what);

/* The name of a region for the running test, which does not exist yet. */
const char *fresh_name(void);

/* Runs function(argument) in a child, and returns its status as waitpid does. */
int in_child(void (*function)(void *argument), void *argument);

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

#endif
