#include "map.h"

#include "object.h"

enum { CAPACITY_FIRST = 8 };

/* The entry of the key, or the free one where it would go. */
static struct map_entry *find(struct map_entry *entries, uint32_t capacity,
                              const struct string *key)
{
    uint32_t i = key->hash & (capacity - 1);
    while (entries[i].key && entries[i].key != key)
        i = (i + 1) & (capacity - 1);
    return &entries[i];
}

value map_get(const struct map *m, const struct string *key)
{
    return m->capacity ? find(m->entries, m->capacity, key)->value : UNDEFINED;
}

static void grow(struct map *m)
{
    uint32_t capacity = m->capacity ? 2 * m->capacity : CAPACITY_FIRST;
    struct map_entry *entries = allocate(capacity * sizeof *entries);
    for (uint32_t i = 0; i < m->capacity; i++)
        if (m->entries[i].key)
            *find(entries, capacity, m->entries[i].key) = m->entries[i];
    m->entries = entries;
    m->capacity = capacity;
}

/* Three quarters are in use at most. */
void map_set(struct map *m, const struct string *key, value v)
{
    if (4 * (m->count + 1) > 3 * m->capacity)
        grow(m);
    struct map_entry *e = find(m->entries, m->capacity, key);
    m->count += e->key == NULL;
    e->key = key;
    e->value = v;
}

void map_add_all(struct map *to, const struct map *from)
{
    for (uint32_t i = 0; i < from->capacity; i++)
        if (from->entries[i].key)
            map_set(to, from->entries[i].key, from->entries[i].value);
}
