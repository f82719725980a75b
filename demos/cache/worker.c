#include "worker.h"

#include "cache.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_BYTES = 32, VALUE_MOST = 1000, PUTS = 20, REMOVES = 200, SKEW = 5 };

struct worker {
    struct cache *cache;
    struct tally *tally;
    size_t keys;
    unsigned long random; /* xorshift64 */
};

static unsigned long next_random(struct worker *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random >> 11;
}

/* Some keys are asked for much more often than others. */
static void choose_key(struct worker *w, char key[KEY_BYTES])
{
    unsigned long number = w->keys;
    for (int i = 0; i < SKEW; i++)
        number = next_random(w) % (number + 1);
    snprintf(key, KEY_BYTES, "key %lu", number);
}

/* A value says whose it is, as often as there is room. */
static void fill(char *value, size_t size, const char *key)
{
    size_t length = strlen(key) + 1;
    for (size_t i = 0; i < size; i++)
        value[i] = key[i % length];
}

static bool is_of(const char *value, size_t size, const char *key)
{
    char right[VALUE_MOST];
    fill(right, size, key);
    return memcmp(value, right, size) == 0;
}

static bool put(struct worker *w, const char *key)
{
    char value[VALUE_MOST];
    size_t size = KEY_BYTES + next_random(w) % (VALUE_MOST - KEY_BYTES);
    fill(value, size, key);
    atomic_fetch_add(&w->tally->puts, 1);
    return cache_put(w->cache, key, value, size) == 0;
}

/* What is missed is put, as one does with a cache. */
static bool get(struct worker *w, const char *key)
{
    char value[VALUE_MOST];
    size_t size = sizeof value;
    enum found found = cache_get(w->cache, key, value, &size);
    atomic_fetch_add(&w->tally->gets, 1);
    if (found == MISSED)
        return put(w, key);
    if (found == FOUND && size <= sizeof value && is_of(value, size, key))
        atomic_fetch_add(&w->tally->hits, 1);
    else if (found != BROKEN)
        atomic_fetch_add(&w->tally->wrong, 1);
    return found != BROKEN;
}

static bool step(struct worker *w)
{
    char key[KEY_BYTES];
    choose_key(w, key);
    unsigned long what = next_random(w);
    if (what % REMOVES == 0) {
        atomic_fetch_add(&w->tally->removes, 1);
        return cache_remove(w->cache, key) >= 0;
    }
    return what % PUTS == 0 ? put(w, key) : get(w, key);
}

int work(struct board *b, unsigned number)
{
    srand((unsigned)getpid());
    struct worker w = {
        .cache = cache_open(b->name, b->entries, b->limit),
        .tally = &b->tallies[number],
        .keys = b->entries * 4,
        .random = (unsigned long)getpid() * 0x9e3779b97f4a7c15u | 1,
    };
    bool good = w.cache;
    while (good && !atomic_load_explicit(&b->over, memory_order_relaxed))
        good = step(&w);
    if (good)
        cache_close(w.cache);
    else
        fprintf(stderr, "worker %u, process %d: %s\n", number, (int)getpid(),
                gc_region_error());
    return good ? 0 : 1;
}
