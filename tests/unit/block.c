/* Blocks: their units, their lists, and large objects that grow and shrink. */
#include "heap/block.h"

#include "base/os.h"
#include "heap/extent.h"
#include "heap/rebuild.h"
#include "support.h"

static struct fixture f;
static struct heap *const h = &f.heap;

static void free_slot(uint32_t head, uint32_t index)
{
    block_states(h, head)[index] = STATE_FREE;
    struct lock *lock = block_lock(h, head);
    block_free_slots(h, head, 1);
    lock_release(lock, RANK_BIN);
}

static void settle(struct heap *heap, uint32_t head)
{
    struct lock *lock = block_lock(heap, head);
    block_at(heap, head)->taken = false;
    block_settle(heap, head);
    lock_release(lock, RANK_BIN);
}

START_TEST(fresh_block)
{
    ck_assert(make_heap(h, MIB(64), false));
    for (unsigned kind = 0; kind < KIND_COUNT; kind++)
        for (unsigned class = 1; class <= CLASS_WIDE_LAST; class ++) {
            uint32_t head = block_create(h, (enum kind)kind, class, 0, &no_unit_run);
            const struct block *b = block_at(h, head);
            ENSURE(head != 0);
            ENSURE(word_kind(h->words[head]) == kind);
            ENSURE(word_class(h->words[head]) == class);
            ENSURE(block_units(h, head) == sizeclass_units(class));
            ENSURE(b->free_count == geometries[class].count);
            ENSURE(b->taken && !b->flags && b->cursor == 0 && b->touched == 0);
            block_release(h, head);
            extent_check(h);
            ENSURE(h->numbers->used_bytes == 0 && h->numbers->dirty_bytes == 0);
        }
    heap_destroy(h);
}
END_TEST

/* Only the units with slots that were handed out have old contents. */
START_TEST(release_knows_what_was_touched)
{
    ck_assert(make_heap(h, MIB(64), false));
    uint32_t head = block_create(h, KIND_SCANNED, CLASS_MEDIUM_LAST, 0, &no_unit_run);
    block_at(h, head)->touched = 3;
    block_release(h, head);
    extent_check(h);
    ck_assert_uint_eq(h->numbers->dirty_bytes, 3 * MEDIUM_MAX);
    head = block_create(h, KIND_SCANNED, CLASS_MEDIUM_LAST, 0, &no_unit_run);
    ck_assert_uint_eq(block_at(h, head)->touched, 8);
    block_release(h, head);
    extent_trim(h, 0);
    head = block_create(h, KIND_SCANNED, CLASS_MEDIUM_LAST, 0, &no_unit_run);
    ck_assert_uint_eq(block_at(h, head)->touched, 0);
    heap_destroy(h);
}
END_TEST

/* Blocks of one bin whose slots are freed one by one: listed from the first on, gone with
 * the last. */
START_TEST(lists_follow_free_slots)
{
    enum { BLOCKS_MADE = 9, CLASS = 40 };
    unsigned bin = bin_of(KIND_ATOMIC, CLASS);
    ck_assert(make_heap(h, MIB(64), false));
    uint32_t count = geometries[CLASS].count, heads[BLOCKS_MADE], left[BLOCKS_MADE];
    for (int i = 0; i < BLOCKS_MADE; i++) {
        heads[i] = block_create(h, KIND_ATOMIC, CLASS, 0, &no_unit_run);
        memset(block_states(h, heads[i]), STATE_NEW, count);
        block_at(h, heads[i])->free_count = 0;
        block_at(h, heads[i])->touched = count;
        left[i] = count;
        settle(h, heads[i]);
    }
    ck_assert_uint_eq(block_list_check(h, bin), 0);
    for (uint32_t n = BLOCKS_MADE * count; n > 0; n--) {
        uint32_t i = roll(BLOCKS_MADE), expected = 0;
        while (left[i] == 0)
            i = (i + 1) % BLOCKS_MADE;
        free_slot(heads[i], --left[i]);
        for (int j = 0; j < BLOCKS_MADE; j++)
            expected += left[j] > 0 && left[j] < count;
        ENSURE(block_list_check(h, bin) == expected);
        heap_check(h, NULL);
    }
    ck_assert_uint_eq(h->numbers->used_bytes, 0);
    heap_destroy(h);
}
END_TEST

/* Who makes the list of a shared heap anew, as its holder died, may find a block that another one is just making. */
START_TEST(a_block_is_who_makes_its)
{
    ck_assert(make_heap(h, MIB(64), false));
    uint32_t head = block_create(h, KIND_SCANNED, 1, 0, &no_unit_run);
    struct lock *lock = block_lock(h, head);
    heap_rebuild_list(h, lock);
    lock_release(lock, RANK_BIN);
    ck_assert(word_used(h->words[head]) && block_at(h, head)->taken);
    ck_assert_uint_eq(block_list_check(h, bin_of(KIND_SCANNED, 1)), 0);
    settle(h, head);
    ck_assert(!word_used(h->words[head]));
    heap_destroy(h);
}
END_TEST

START_TEST(taken_blocks_are_not_listed_or_released)
{
    unsigned bin = bin_of(KIND_SCANNED, 1);
    ck_assert(make_heap(h, MIB(64), false));
    ck_assert_uint_eq(block_list_take(h, 0, bin, 0), 0);
    uint32_t head = block_create(h, KIND_SCANNED, 1, 0, &no_unit_run);
    block_at(h, head)->free_count--;
    block_at(h, head)->touched = 1;
    *block_states(h, head) = STATE_NEW;
    settle(h, head);
    ck_assert_uint_eq(block_list_take(h, 0, bin, 0), head);
    ck_assert_uint_eq(block_list_take(h, 0, bin, 0), 0);
    ck_assert(block_at(h, head)->taken);
    free_slot(head, 0);
    ck_assert_uint_eq(block_list_check(h, bin), 0);
    heap_check(h, NULL);
    block_at(h, head)->taken = false;
    settle(h, head);
    ck_assert_uint_eq(h->numbers->used_bytes, 0);
    heap_destroy(h);
}
END_TEST

START_TEST(large_is_charged_by_page)
{
    static const size_t sizes[] = {
        0, 1, OS_PAGE, OS_PAGE + 1, UNIT_BYTES - 1, UNIT_BYTES, UNIT_BYTES + 1, MIB(3)};
    ck_assert(make_heap(h, MIB(64), false));
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_t whole = align_up(max_size(sizes[i], 1), OS_PAGE);
        uint32_t head = block_create_large(h, KIND_MANUAL, sizes[i], GRANULE);
        ck_assert_uint_eq(block_at(h, head)->bytes, whole);
        ck_assert_uint_eq(h->numbers->used_bytes, whole);
        /* A pointer one past the end lies inside. */
        ck_assert_uint_gt((size_t)block_units(h, head) << UNIT_SHIFT, whole);
        block_release(h, head);
        ck_assert_uint_eq(h->numbers->used_bytes, 0);
        extent_check(h);
    }
    heap_destroy(h);
}
END_TEST

START_TEST(large_is_aligned)
{
    ck_assert(make_heap(h, GIB(4), false));
    for (size_t alignment = 16; alignment <= GIB(1); alignment *= 2) {
        uint32_t head = block_create_large(h, KIND_ATOMIC, 100000, alignment);
        ck_assert_uint_ne(head, 0);
        ck_assert_uint_eq(unit_address(h, head) % alignment, 0);
        block_release(h, head);
    }
    heap_destroy(h);
}
END_TEST

START_TEST(large_beyond_the_heap)
{
    ck_assert(make_heap(h, MIB(64), false));
    static const size_t sizes[] = {MIB(64), MIB(64) + 1, SIZE_MAX / 2, SIZE_MAX};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        errno = 0;
        ck_assert_uint_eq(block_create_large(h, KIND_SCANNED, sizes[i], GRANULE), 0);
        ck_assert_int_eq(errno, ENOMEM);
    }
    uint32_t head = block_create_large(h, KIND_SCANNED, MIB(1), GRANULE);
    ck_assert(!block_grow_large(h, head, MIB(64)));
    ck_assert(!block_grow_large(h, head, SIZE_MAX));
    ck_assert_uint_eq(block_at(h, head)->bytes, MIB(1));
    heap_destroy(h);
}
END_TEST

/* Large objects, each filled with its own number; every new byte must read as zero. */
struct large {
    uint32_t head;
    size_t bytes;
    uint64_t value;
};

enum { LARGE_MOST = 12 };
static struct large large[LARGE_MOST];

static void fill(struct large *x, size_t from)
{
    uintptr_t at = unit_address(h, x->head);
    x->bytes = block_at(h, x->head)->bytes;
    block_clear_large(h, x->head, from);
    ENSURE(pages_hold(at, at + from, x->value));
    ENSURE(all_bytes_are((void *)(at + from), x->bytes - from, 0));
    memset((void *)(at + from), 0x55, x->bytes - from);
    fill_pages(at, at + x->bytes, x->value);
}

static void step_large(struct large *x, uint64_t value)
{
    size_t size = roll(2) ? roll(400000) : UNIT_BYTES * roll(8) + roll(3) - 1;
    size = min_size(size, MIB(1));
    if (!x->head) {
        x->head = block_create_large(h, KIND_ATOMIC, size, GRANULE);
        ENSURE(x->head != 0);
        x->value = value;
        block_at(h, x->head)->free_count = 0;
        *block_states(h, x->head) = STATE_NEW;
        fill(x, 0);
    } else if (roll(4) == 0) {
        free_slot(x->head, 0);
        x->head = 0;
    } else if (size <= x->bytes) {
        block_shrink_large(h, x->head, size);
        x->bytes = block_at(h, x->head)->bytes;
        ENSURE(x->bytes == align_up(max_size(size, 1), OS_PAGE));
    } else if (block_grow_large(h, x->head, size)) {
        ENSURE(block_at(h, x->head)->bytes == align_up(size, OS_PAGE));
        fill(x, x->bytes);
    }
}

START_TEST(large_grow_and_shrink)
{
    ck_assert(make_heap(h, MIB(64), false));
    for (uint64_t i = 1; i <= 3000; i++) {
        if (roll(8) == 0)
            os_fail(1 + roll(2), roll(2)); /* memory that does not go back */
        struct large *x = &large[roll(LARGE_MOST)];
        if (x->head)
            step_large(x, i);
        os_fail(0, false);
        if (!x->head)
            step_large(x, i);
        heap_check(h, NULL);
        if (x->head) {
            uintptr_t at = unit_address(h, x->head);
            ENSURE(pages_hold(at, at + x->bytes, x->value));
        }
        if (roll(16) == 0)
            extent_trim(h, 0);
    }
    heap_destroy(h);
}
END_TEST

START_TEST(large_within_the_limit)
{
    ck_assert(make_heap(h, MIB(64), false));
    h->numbers->limit = MIB(1);
    uint32_t head = block_create_large(h, KIND_ATOMIC, MIB(1), GRANULE);
    ck_assert_uint_ne(head, 0);
    ck_assert(!block_grow_large(h, head, MIB(1) + 1));
    ck_assert_uint_eq(block_create(h, KIND_ATOMIC, 1, 0, &no_unit_run), 0);
    block_release(h, head);
    ck_assert_uint_eq(block_create_large(h, KIND_ATOMIC, MIB(1) + 1, GRANULE), 0);
    head = block_create_large(h, KIND_ATOMIC, MIB(1) - OS_PAGE, GRANULE);
    ck_assert(block_grow_large(h, head, MIB(1)));
    ck_assert_uint_le(h->numbers->used_bytes + h->numbers->dirty_bytes,
                      h->numbers->limit);
    heap_destroy(h);
}
END_TEST

static void check_broken(void *argument)
{
    uint32_t head = unit_of(h, (uintptr_t)fixture_alloc(&f, KIND_SCANNED, 100));
    cache_empty(f.cache);
    struct block *b = block_at(h, head);
    switch (*(int *)argument) {
    case 0:
        b->free_count--;
        break;
    case 1:
        b->taken = true;
        break;
    case 2:
        block_states(h, head)[b->touched] = STATE_NEW;
        b->free_count--;
        break;
    case 3:
        b->next = head;
        break;
    case 4:
        h->words[head] ^= bin_of(KIND_ATOMIC, 0) << UNIT_BIN_SHIFT;
        break;
    case 5:
        h->words[head] |= 1 << UNIT_DISTANCE_SHIFT;
        break;
    case 6:
        b->bytes = OS_PAGE;
        break;
    case 7:
        block_states(h, head)[geometries[word_class(h->words[head])].count] = STATE_NEW;
        break;
    case 8:
        h->numbers->used_bytes++;
        break;
    }
    heap_check(h, NULL);
}

START_TEST(check_finds_what_is_broken)
{
    fixture_create(&f);
    expect_abort(check_broken, &_i, "broken invariant");
}
END_TEST

TCase *block_tests(void)
{
    TCase *t = tcase_create("block");
    tcase_add_test(t, fresh_block);
    tcase_add_test(t, release_knows_what_was_touched);
    tcase_add_test(t, lists_follow_free_slots);
    tcase_add_test(t, a_block_is_who_makes_its);
    tcase_add_test(t, taken_blocks_are_not_listed_or_released);
    tcase_add_test(t, large_is_charged_by_page);
    tcase_add_test(t, large_is_aligned);
    tcase_add_test(t, large_beyond_the_heap);
    tcase_add_test(t, large_grow_and_shrink);
    tcase_add_test(t, large_within_the_limit);
    tcase_add_loop_test(t, check_finds_what_is_broken, 0, 9);
    return t;
}
