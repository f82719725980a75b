/* Caches: random allocation and freeing, with all contents and counters known, by one cache, by two and by
 * many; and what is left when memory is refused.  What a bin holds and hands out is bins.c's. */
#include "heap/cache.h"

#include "base/meta.h"
#include "base/os.h"
#include "support.h"

enum { LIVE_MOST = 1500 };

struct live {
    uint8_t *object;
    size_t size; /* of its slot */
    uint8_t fill;
};

static struct fixture f;
static struct live live[LIVE_MOST];
static uint32_t count;
static size_t live_bytes;

/* Sizes that make all kinds of slots, small ones most often. */
static size_t some_size(void)
{
    switch (roll(8)) {
    case 0:
        return 1 + roll(8192);
    case 1:
        return roll(16) ? 1 + roll(1000) : 1 + roll(65000);
    default:
        return 1 + roll(200);
    }
}

static void keep(uint8_t *object, size_t size)
{
    live[count++] = (struct live){object, size, (uint8_t)(1 + roll(255))};
    memset(object, live[count - 1].fill, size);
    live_bytes += size;
}

static void allocate_one(size_t size)
{
    uint8_t *object = fixture_alloc(&f, KIND_SCANNED, size);
    ENSURE(object != NULL);
    keep(object, object_of(&f, object).size);
}

/* Objects of scanned kinds are zero; nobody else writes to an object of the program's. */
static void allocate(void)
{
    enum kind kind = (enum kind)roll(roll(4) ? 2 : KIND_COUNT);
    uint8_t *object = fixture_alloc(&f, kind, some_size());
    ENSURE(object != NULL);
    struct cell o = object_of(&f, object);
    ENSURE(word_kind(o.word) == kind);
    if (!(kind & KIND_ATOMIC))
        ENSURE(all_bytes_are(object, o.size, 0));
    keep(object, o.size);
}

static void release(uint32_t i)
{
    struct live x = live[i];
    ENSURE(all_bytes_are(x.object, x.size, x.fill));
    fixture_free(&f, x.object);
    live[i] = live[--count];
    live_bytes -= x.size;
}

static void check(void)
{
    const struct counters *c = &f.heap.numbers->counters;
    struct cache_held held = cache_held(f.cache);
    size_t held_bytes = held.run_bytes + held.magazine_bytes;
    if (f.other) {
        held = cache_held(f.other);
        held_bytes += held.run_bytes + held.magazine_bytes;
    }
    fixture_check(&f);
    ENSURE(c->allocated_bytes - c->freed_bytes - held_bytes == live_bytes);
    ENSURE(f.heap.numbers->charged == c->allocated_bytes - c->freed_bytes);
}

/* Allocates in so many cases of 16, and else releases. */
static void allocate_or_release(uint32_t allocating)
{
    if (count < LIVE_MOST && (count == 0 || roll(16) < allocating))
        allocate();
    else
        release(roll(count));
}

/* Waves of allocation and freeing, so that blocks fill up and empty. */
static void steps(int number, bool check_each)
{
    for (int i = 0; i < number; i++) {
        allocate_or_release(i / 1500 % 2 ? 5 : 11);
        if (roll(1000) == 0)
            cache_empty(f.cache);
        if (check_each || i % 500 == 0)
            check();
    }
}

static void release_all(void)
{
    while (count)
        release(roll(count));
    cache_empty(f.cache);
    fixture_check(&f);
    ck_assert_uint_eq(f.heap.numbers->used_bytes, 0);
    ck_assert_uint_eq(f.heap.numbers->charged, 0);
    ck_assert_uint_eq(f.heap.numbers->counters.allocated_bytes,
                      f.heap.numbers->counters.freed_bytes);
}

/* Likewise, where these caches hold something. */
static void release_all_from(struct cache **caches, int number)
{
    while (count)
        release(roll(count));
    for (int i = 0; i < number; i++)
        cache_empty(caches[i]);
    heap_check_held(&f.heap, 0, 0);
    ck_assert_uint_eq(f.heap.numbers->used_bytes, 0);
    ck_assert_uint_eq(f.heap.numbers->charged, 0);
}

START_TEST(random_use)
{
    size_t meta = meta_bytes();
    fixture_create(&f);
    steps(3000, true);
    steps(100000, false);
    release_all();
    fixture_destroy(&f);
    ck_assert_uint_eq(meta_bytes(), meta);
}
END_TEST

/* Memory that comes from used units is zeroed too: every class after every other. */
START_TEST(reused_memory_is_zeroed)
{
    fixture_create(&f);
    for (int round = 0; round < 3; round++) {
        for (unsigned class = 1; class <= CLASS_MEDIUM_LAST; class ++) {
            size_t size = geometries[class].size,
                   wanted = 3 * geometries[class].count / 2;
            for (size_t i = 0; i < min_size(wanted, LIVE_MOST); i++) {
                uint8_t *object = fixture_alloc(&f, KIND_SCANNED, size - 1);
                ENSURE(all_bytes_are(object, size, 0));
                memset(object, 0xff, size);
                live[count++] = (struct live){object, size, 0xff};
                live_bytes += size;
            }
            release_all();
        }
    }
    fixture_destroy(&f);
}
END_TEST

static void use_other(void)
{
    struct cache *c = f.cache;
    f.cache = f.other;
    f.other = c;
}

static void create_two(void)
{
    fixture_create(&f);
    f.other = cache_create(&f.heap);
    ck_assert_ptr_nonnull(f.other);
    ck_assert_uint_ne(f.cache->shard, f.other->shard);
}

/* What a cache frees of another's block it does not hand out: it goes back there. */
START_TEST(objects_of_others_go_back)
{
    enum { OBJECTS = 900 };
    void *objects[OBJECTS];
    create_two();
    unsigned bin = sizeclass_for(64, false);
    for (uint32_t i = 0; i < OBJECTS; i++)
        objects[i] = fixture_alloc(&f, KIND_SCANNED, 64);
    uint32_t block = f.cache->bins[bin].block,
             left = block_at(&f.heap, block)->free_count;
    use_other();
    for (uint32_t i = 0; i < OBJECTS; i++) {
        fixture_free(&f, objects[i]);
        uint8_t *own = fixture_alloc(&f, KIND_SCANNED, 64);
        ENSURE(unit_of(&f.heap, (uintptr_t)own) != block);
        if (i % 100 == 0)
            fixture_check(&f);
    }
    ck_assert_uint_eq(f.cache->bins[bin].count, 0);
    ck_assert_uint_gt(block_at(&f.heap, block)->free_count, left);
    cache_empty(f.cache);
    fixture_check(&f);
    ck_assert_uint_eq(block_at(&f.heap, block)->free_count, left + OBJECTS);
    fixture_destroy(&f);
}
END_TEST

/* A block that a cache takes from another's list is its own from then on. */
START_TEST(taken_blocks_change_sides)
{
    create_two();
    for (unsigned class = 1; class <= CLASS_MEDIUM_LAST; class ++) {
        size_t size = geometries[class].size - 1;
        void *first = fixture_alloc(&f, KIND_SCANNED, size);
        void *second = fixture_alloc(&f, KIND_SCANNED, size);
        fixture_free(&f, second);
        cache_empty(f.cache);
        use_other();
        ENSURE(fixture_alloc(&f, KIND_SCANNED, size) == second);
        uint32_t count_before = f.cache->bins[class].count;
        fixture_free(&f, first);
        ENSURE(f.cache->bins[class].count == count_before + 1);
        fixture_check(&f);
    }
    fixture_destroy(&f);
}
END_TEST

START_TEST(two_at_random)
{
    create_two();
    for (int i = 0; i < 200; i++) {
        steps(500, false);
        use_other();
        fixture_check(&f);
    }
    cache_empty(f.other);
    release_all();
    fixture_destroy(&f);
}
END_TEST

/* More caches than shards, so that some share one. */
enum { CROWD = 12 * SHARDS };
static struct cache *crowd[CROWD];

static void create_crowd(void)
{
    fixture_create(&f);
    crowd[0] = f.cache;
    for (int i = 1; i < CROWD; i++) {
        crowd[i] = cache_create(&f.heap);
        ck_assert_ptr_nonnull(crowd[i]);
    }
}

static void check_crowd(void)
{
    uint32_t held = 0;
    for (int i = 0; i < CROWD; i++)
        held += cache_check(crowd[i]);
    heap_check_held(&f.heap, held, 0);
}

static void destroy_crowd(void)
{
    for (int i = 1; i < CROWD; i++)
        cache_destroy(crowd[i]);
    f.cache = crowd[0];
    fixture_check(&f);
    fixture_destroy(&f);
}

/* The first object of each of many threads does not cost a block. */
START_TEST(first_runs_share_blocks)
{
    enum { RUN = 4096 };
    create_crowd();
    for (int i = 0; i < CROWD; i++) {
        f.cache = crowd[i];
        allocate_one(1000);
    }
    check_crowd();
    size_t full = SHARDS * UNIT_BYTES + CROWD * RUN;
    ck_assert_uint_le(f.heap.numbers->used_bytes, full + UNIT_BYTES);
    release_all_from(crowd, CROWD);
    destroy_crowd();
}
END_TEST

/* A block that a cache has borrowed from may be gone, and its unit in another block, when the
 * cache needs the next run. */
START_TEST(borrowed_blocks_may_go)
{
    enum { SIZE = 1000 };
    create_crowd();
    struct cache *own = crowd[0], *borrower = crowd[SHARDS_OWN];
    ck_assert_uint_eq(own->shard, borrower->shard);
    f.cache = borrower;
    const struct bin *b = &borrower->bins[sizeclass_for(SIZE, false)];
    do
        allocate_one(SIZE);
    while (b->cur < b->run_end);
    uint32_t block = b->block;
    ck_assert(!block_at(&f.heap, block)->taken);
    f.cache = own;
    while (count)
        release(0);
    cache_empty(own);
    ck_assert(!word_used(f.heap.words[block]));
    while (!word_used(f.heap.words[block]))
        allocate_one(5000);
    check_crowd();
    f.cache = borrower;
    allocate_one(SIZE);
    check_crowd();
    release_all_from(crowd, CROWD);
    destroy_crowd();
}
END_TEST

START_TEST(crowd_at_random)
{
    create_crowd();
    for (int i = 0; i < 30000; i++) {
        f.cache = crowd[roll(CROWD)];
        allocate_or_release(i / 3000 % 2 ? 5 : 11);
        if (roll(100) == 0)
            cache_empty(f.cache);
        if (i % 500 == 0)
            check_crowd();
    }
    release_all_from(crowd, CROWD);
    destroy_crowd();
}
END_TEST

/* Without memory for a magazine an object goes back at once. */
START_TEST(free_needs_no_memory)
{
    create_two();
    void *object = fixture_alloc(&f, KIND_SCANNED, 64);
    use_other();
    os_fail(1, true);
    fixture_free(&f, object);
    os_fail(0, false);
    ck_assert_int_eq(*state_of(&f, object), STATE_FREE);
    fixture_destroy(&f);
}
END_TEST

START_TEST(none_has_nothing)
{
    ck_assert(all_bytes_are(&cache_none, sizeof cache_none, 0));
}
END_TEST

static bool try_create(void *argument)
{
    (void)argument;
    size_t meta = meta_bytes();
    struct cache *c = cache_create(&f.heap);
    if (c)
        cache_destroy(c);
    cache_release_kept(&f.heap);
    ck_assert_uint_eq(meta_bytes(), meta);
    return c != NULL;
}

START_TEST(create_fails_cleanly)
{
    fixture_create(&f);
    ck_assert_uint_eq(refuse_each_call(try_create, NULL, _i), 2);
    fixture_destroy(&f);
}
END_TEST

static bool try_refill(void *argument)
{
    (void)argument;
    while (count < LIVE_MOST) {
        uint8_t *object = fixture_alloc(&f, KIND_SCANNED, 30000);
        fixture_check(&f);
        if (!object)
            return false;
        live[count++] = (struct live){object, 1, 0};
    }
    return true;
}

/* A refill that fails leaves the cache as it was, and the next one works. */
START_TEST(refill_fails_cleanly)
{
    fixture_create(&f);
    f.heap.numbers->limit = MIB(100);
    ck_assert_uint_ge(refuse_each_call(try_refill, NULL, true), 2);
    ck_assert_uint_eq(count, LIVE_MOST);
}
END_TEST

TCase *cache_tests(void)
{
    TCase *t = tcase_create("cache");
    tcase_add_test(t, random_use);
    tcase_add_test(t, reused_memory_is_zeroed);
    tcase_add_test(t, objects_of_others_go_back);
    tcase_add_test(t, taken_blocks_change_sides);
    tcase_add_test(t, two_at_random);
    tcase_add_test(t, first_runs_share_blocks);
    tcase_add_test(t, borrowed_blocks_may_go);
    tcase_add_test(t, crowd_at_random);
    tcase_add_test(t, free_needs_no_memory);
    tcase_add_test(t, none_has_nothing);
    tcase_add_loop_test(t, create_fails_cleanly, 0, 2);
    tcase_add_test(t, refill_fails_cleanly);
    return t;
}
