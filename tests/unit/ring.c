/* Queues of addresses: order, growth, and places that are used again. */
#include "mutator/ring.h"

#include "base/meta.h"
#include "support.h"

/* What comes and what goes are numbered. */
struct passing {
    struct ring ring;
    uintptr_t came, went;
};

static void come(struct passing *p, size_t count)
{
    ck_assert(ring_make_room(&p->ring, count));
    for (; count > 0; count--)
        ring_put(&p->ring, ++p->came);
}

static void go(struct passing *p, size_t count)
{
    for (; count > 0; count--)
        ck_assert_uint_eq(ring_take(&p->ring), ++p->went);
}

START_TEST(in_order)
{
    struct passing p = {.came = 0};
    for (size_t round = 1; round < 40; round++) {
        come(&p, 517 * round);
        ck_assert_uint_eq(*ring_entry(&p.ring, p.ring.count - 1), p.came);
        go(&p, 511 * round);
        ck_assert_uint_eq(p.ring.count, p.came - p.went);
        ck_assert_uint_le(p.ring.count, p.ring.capacity);
    }
    go(&p, p.ring.count);
    ck_assert_uint_eq(p.went, p.came);
    ck_assert_uint_eq(p.ring.capacity & (p.ring.capacity - 1), 0);
    meta_free(p.ring.addresses, p.ring.capacity * sizeof *p.ring.addresses);
}
END_TEST

TCase *ring_tests(void)
{
    TCase *tests = tcase_create("ring");
    tcase_add_test(tests, in_order);
    return tests;
}
