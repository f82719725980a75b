/* Hash tables with weak keys, on the library's weak maps.  These have bare addresses as keys, so what stands
 * there as the value is the association (key . value), with the key as the program knows it: that a value
 * leads to its key does not keep the key. */
#include "scheme.h"

static gc_weakmap *new_map(void)
{
    gc_weakmap *map = gc_weakmap_new(GC_WEAK_KEYS, NULL, NULL, NULL);
    if (!map)
        fail_memory();
    return map;
}

struct table *weak_table_new(void)
{
    struct table *table = allocate_object(sizeof *table, TYPE_TABLE);
    table->weak = new_map();
    return table;
}

/* Where a pair begins, without its tag.  No other value becomes one by that: what is not an object has a tag
 * of its own, and is no address in the heap. */
static void *bare(value key)
{
    return is_pair(key) ? (void *)pair_of(key) : key;
}

static value tagged(struct pair *association)
{
    return association ? (value)((uintptr_t)association + PAIR_TAG) : FALSE;
}

value weak_table_find(const struct table *table, value key)
{
    return tagged(gc_weakmap_get(table->weak, bare(key)));
}

void weak_table_put(struct table *table, value key, value content)
{
    if (gc_weakmap_put(table->weak, bare(key), pair_of(cons(key, content))))
        fail_memory();
}

void weak_table_delete(struct table *table, value key)
{
    gc_weakmap_remove(table->weak, bare(key));
}

void weak_table_clear(struct table *table)
{
    table->weak = new_map();
}

value weak_table_list(const struct table *table)
{
    value list = NIL;
    uint64_t cursor = 0;
    void *association;
    while (gc_weakmap_next(table->weak, &cursor, NULL, &association))
        list = cons(tagged(association), list);
    return list;
}
