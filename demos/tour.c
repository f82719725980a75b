/* The core of gcalloc on one screen: allocate, forget, look at what the collector did. */
#include <gcalloc/gcalloc.h>
#include <stdio.h>

struct cell {
    int value;
    struct cell *next;
};

static struct cell *kept; /* static data is a root */

int main(void)
{
    /* Objects come zeroed, and nobody frees them: of these lists only the last is kept.
     */
    for (int list = 0; list < 1000; list++) {
        kept = NULL;
        for (int i = 0; i < 1000; i++) {
            struct cell *c = gc_alloc(sizeof *c);
            if (!c)
                return perror("gc_alloc"), 1;
            c->value = i;
            c->next = kept;
            kept = c;
        }
    }

    /* Data without pointers is never searched for any. */
    char *name = gc_strdup("an atomic object");

    /* A pointer into an object keeps it, and leads back to its start. */
    struct cell **inside = &kept->next->next;
    printf("%p lies in the object at %p of %zu bytes\n", (void *)inside, gc_base(inside),
           gc_usable_size(gc_base(inside)));

    /* A manual object is a root, and lives until it is freed. */
    void **manual = gc_alloc_manual(sizeof *manual);
    if (!manual)
        return perror("gc_alloc_manual"), 1;
    *manual = name;

    gc_collect();
    struct gc_stats stats = {.size = sizeof stats};
    gc_stats_get(&stats);
    printf(
        "after %llu collections %llu objects live, %llu were reclaimed; \"%s\" is one\n",
        (unsigned long long)stats.collections, (unsigned long long)stats.live_objects,
        (unsigned long long)stats.reclaimed_objects, (char *)*manual);
    printf("the longest pause was %.2f ms\n", (double)stats.pause_ns_max / 1e6);

    gc_free(manual); /* optional for all but manual objects */
    return 0;
}
