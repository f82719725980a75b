/* Records by number: what its check says of one that is broken. */
#include "world/index.h"

#include "base/lock.h"
#include "support.h"

enum { ENTRIES = 3 };

static struct index x;
static struct index_entry entries[ENTRIES];

static struct mutator *owner(uintptr_t i)
{
    return (struct mutator *)(4096 + i);
}

/* This is the only thread. */
static void start(void)
{
    lock_check_all(true);
    for (uintptr_t i = 0; i < ENTRIES; i++)
        index_add(&x, &entries[i], 100 + i, owner(i));
}

static void check(void)
{
    index_check(&x);
}

static void lose_one(void)
{
    x.count++;
}

static void change_key(void)
{
    entries[0].key++;
}

static void disown(void)
{
    entries[1].owner = NULL;
}

static void add_again(void)
{
    static struct index_entry again;
    index_add(&x, &again, entries[1].key, owner(1));
}

static const struct damage damages[] = {
    {lose_one, "found == x->count"},
    {change_key, "e->owner && bucket_of(e->key, bits) == place"},
    {disown, "e->owner && bucket_of(e->key, bits) == place"},
    {add_again, "other->key != e->key"},
};

START_TEST(entries_are_found)
{
    start();
    ck_assert_uint_eq(index_check(&x), ENTRIES);
    for (uintptr_t i = 0; i < ENTRIES; i++)
        ck_assert_ptr_eq(index_find(&x, 100 + i), owner(i));
    index_remove(&x, &entries[1]);
    ck_assert_ptr_null(index_find(&x, 101));
    ck_assert_uint_eq(index_check(&x), ENTRIES - 1);
}
END_TEST

START_TEST(damage_is_caught)
{
    expect_caught(&damages[_i], start, check);
}
END_TEST

TCase *index_tests(void)
{
    TCase *t = tcase_create("index");
    tcase_add_test(t, entries_are_found);
    tcase_add_loop_test(t, damage_is_caught, 0, COUNT_OF(damages));
    return t;
}
