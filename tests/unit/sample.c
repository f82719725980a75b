/* Sampling: distances are drawn as they should be, and what the fast paths hand out between two samples is what was
 * granted. */
#include "heap/sample.h"

#include <gcalloc/gcalloc.h>

#include "support.h"
#include "world/thread.h"

enum { EVERY = 4096, SMALL = 64, OBJECTS = 400000 };

/* The thread's cache is of before the heap was sampled: it gets another. */
static struct cache *start(uint64_t seed)
{
    gc_init();
    cache_destroy(thread_self->cache);
    cache_release_kept(&process_heap);
    sample_begin(&process_heap, EVERY, seed);
    thread_self->cache = cache_create(&process_heap);
    ck_assert_ptr_nonnull(thread_self->cache);
    thread_use_cache(thread_self->cache);
    ck_assert_uint_eq(word_shard(thread_self->cache->shard), SHARD_FREED);
    return thread_self->cache;
}

/* A sample lies where others do not. */
static bool lies_apart(const void *object)
{
    struct cell o = lookup_cell(&process_heap, (uintptr_t)object);
    ck_assert_uint_eq(o.address, (uintptr_t)object);
    return word_shard(o.word) == SHARD_NOTED;
}

/* One of 64.5 objects, as 1 / (1 - exp(-64 / 4096)): of so many, five standard deviations are 390. */
static void check_share(unsigned samples, unsigned objects)
{
    double expected = objects / 64.5, difference = samples - expected;
    ck_assert(difference * difference < 25 * expected);
}

START_TEST(one_for_so_many_bytes)
{
    unsigned samples = 0;
    start(1);
    for (unsigned i = 0; i < OBJECTS; i++) {
        void *object = gc_alloc_manual(SMALL);
        samples += lies_apart(object);
        memset(object, 1, SMALL);
        gc_free(object);
    }
    check_share(samples, OBJECTS);
}
END_TEST

/* What is kept, too, and what is freed in another order. */
START_TEST(with_many_alive)
{
    static void *ring[1000];
    unsigned samples = 0, next = 12345;
    start(2);
    for (unsigned i = 0; i < OBJECTS; i++) {
        next = next * 1103515245 + 12345;
        void **place = &ring[(next >> 16) % 1000];
        gc_free(*place);
        *place = gc_alloc(SMALL);
        for (unsigned k = 0; k < SMALL / sizeof(size_t); k++)
            ck_assert_uint_eq(((size_t *)*place)[k], 0);
        memset(*place, 0xff, SMALL);
        samples += lies_apart(*place);
    }
    check_share(samples, OBJECTS);
    gc_collect();
    heap_check_held(&process_heap, cache_check(thread_self->cache), 0);
}
END_TEST

/* Each draws anew what the other has no use for. */
START_TEST(with_collections)
{
    unsigned samples = 0;
    start(3);
    for (unsigned i = 0; i < OBJECTS / 4; i++) {
        samples += lies_apart(gc_alloc(SMALL));
        if (i % 500 == 0)
            gc_collect();
    }
    check_share(samples, OBJECTS / 4);
}
END_TEST

START_TEST(large_objects)
{
    struct cache *c = start(4);
    unsigned small = 0;
    for (unsigned i = 0; i < OBJECTS; i++)
        small += sample_bytes(c, SMALL);
    check_share(small, OBJECTS);
    for (unsigned i = 0; i < 100; i++)
        ck_assert(sample_bytes(c, 1000 * EVERY));
}
END_TEST

START_TEST(moments)
{
    struct cache *c = start(5);
    void *object = NULL;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t before = sample_moment(c);
        void *next = gc_alloc_manual(16 + i % 3 * 100);
        uint64_t after = sample_moment(c);
        ck_assert_uint_ne(before, after);
        gc_free(object);
        ck_assert_uint_eq(sample_moment(c), after);
        object = next;
    }
}
END_TEST

TCase *sample_tests(void)
{
    TCase *t = tcase_create("sample");
    tcase_add_test(t, one_for_so_many_bytes);
    tcase_add_test(t, with_many_alive);
    tcase_add_test(t, with_collections);
    tcase_add_test(t, large_objects);
    tcase_add_test(t, moments);
    return t;
}
