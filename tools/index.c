/* Linear probing (Knuth, The Art of Computer Programming 3, 6.4, algorithm L). */
#include "index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { SLOTS_LEAST = 1024 };

static const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);

static bool is_same(const struct entry *e, const struct entry *key)
{
    return e->hash == key->hash && e->first == key->first && e->second == key->second &&
           (e->text == key->text ||
            (e->text && key->text && strcmp(e->text, key->text) == 0));
}

static struct entry *find(struct entry *slots, size_t size, const struct entry *key)
{
    size_t at = (key->hash * golden >> 32) & (size - 1);
    while (slots[at].number && !is_same(&slots[at], key))
        at = (at + 1) & (size - 1);
    return &slots[at];
}

static void enlarge(struct index *t)
{
    size_t size = t->size ? 2 * t->size : SLOTS_LEAST;
    struct entry *slots = calloc(size, sizeof *slots);
    if (!slots)
        exit(fail(FAILED, "out of memory"));
    for (size_t i = 0; i < t->size; i++)
        if (t->slots[i].number)
            *find(slots, size, &t->slots[i]) = t->slots[i];
    free(t->slots);
    t->slots = slots;
    t->size = size;
}

struct entry *index_slot(struct index *t, struct entry key)
{
    if (2 * (t->count + 1) > t->size)
        enlarge(t);
    struct entry *e = find(t->slots, t->size, &key);
    if (e->number)
        return e;
    *e = key;
    t->count++;
    return e;
}

struct entry *index_pair(struct index *t, uint64_t first, uint64_t second)
{
    uint64_t mixed = first * golden;
    return index_slot(t, (struct entry){.hash = (mixed ^ mixed >> 29) + second,
                                        .first = first,
                                        .second = second});
}

uint64_t hash_text(const char *text)
{
    uint64_t h = 0xcbf29ce484222325; /* FNV-1a */
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return h;
}
