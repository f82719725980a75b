#include "intern.h"

#include "object.h"

static struct {
    struct string **strings;
    uint32_t count, capacity; /* a power of two, or 0 */
} table;

static struct string **find(struct string **strings, uint32_t capacity,
                            const struct string *s)
{
    uint32_t i = s->hash & (capacity - 1);
    while (strings[i] &&
           !(strings[i]->hash == s->hash && strings[i]->length == s->length &&
             memcmp(strings[i]->text, s->text, s->length) == 0))
        i = (i + 1) & (capacity - 1);
    return &strings[i];
}

static void grow(void)
{
    uint32_t capacity = table.capacity ? 2 * table.capacity : 64;
    struct string **strings = allocate(capacity * sizeof *strings);
    for (uint32_t i = 0; i < table.capacity; i++)
        if (table.strings[i])
            *find(strings, capacity, table.strings[i]) = table.strings[i];
    table.strings = strings;
    table.capacity = capacity;
}

struct string *intern(struct string *s)
{
    if (4 * (table.count + 1) > 3 * table.capacity)
        grow();
    struct string **place = find(table.strings, table.capacity, s);
    if (!*place) {
        *place = s;
        table.count++;
    }
    return *place;
}
