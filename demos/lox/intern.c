#include "intern.h"

#include <gcalloc/weakmap.h>

#include "object.h"

static uint64_t hash_of(const void *string, void *data)
{
    (void)data;
    return ((const struct string *)string)->hash;
}

static int same_text(const void *one, const void *other, void *data)
{
    const struct string *a = one, *b = other;
    (void)data;
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

struct string *intern(struct string *s)
{
    static gc_weakmap *strings;
    if (!strings)
        strings = check_memory(gc_weakmap_new(GC_WEAK_KEYS, hash_of, same_text, NULL));
    return check_memory(gc_weakmap_intern(strings, s));
}
