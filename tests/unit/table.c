/* The table with two keys against an array: what is found by each key, while entries come and go. */
#include "base/table.h"

#include <errno.h>

#include "base/os.h"
#include "support.h"

enum { ENTRIES = 3000, OWNERS = 100, STEPS = 40000 };

struct entry {
    uintptr_t name; /* unique; bits 0 and 1 are its own */
    uintptr_t owner;
    uint32_t next, next_of_owner;
    uint64_t twice;
};

static struct table table = TABLE_OF_TWO(struct entry, name, next, owner, next_of_owner);
static uintptr_t owners[ENTRIES]; /* by name; 0: it is not there */

static uintptr_t name_of(size_t i)
{
    return 8 * (i + 1);
}

static void add(size_t i, uintptr_t owner)
{
    struct entry e = {.name = name_of(i) | (i & 3), .owner = owner, .twice = 2 * i};
    ck_assert_uint_ne(table_add(&table, &e), 0);
    owners[i] = owner;
}

static void drop(size_t i)
{
    uint32_t number = table_find(&table, 0, name_of(i));
    ck_assert_uint_ne(number, 0);
    table_remove(&table, number);
    owners[i] = 0;
}

static size_t count_of(uintptr_t owner)
{
    size_t count = 0;
    for (uint32_t n = table_find(&table, 1, owner); n;
         n = table_find_next(&table, 1, n)) {
        const struct entry *e = table_at(&table, n);
        ENSURE(e->owner == owner && owners[e->twice / 2] == owner);
        count++;
    }
    return count;
}

static void compare(void)
{
    uint32_t expected = 0;
    size_t found = 0;
    table_check(&table);
    for (size_t i = 0; i < ENTRIES; i++) {
        uint32_t number = table_find(&table, 0, name_of(i));
        const struct entry *e = table_at(&table, number);
        ENSURE((number != 0) == (owners[i] != 0));
        ENSURE(number == 0 || (e->name == (name_of(i) | (i & 3)) && e->twice == 2 * i));
        ENSURE(number == 0 || table_find_next(&table, 0, number) == 0);
        expected += owners[i] != 0;
    }
    for (uintptr_t owner = 8; owner <= 8 * OWNERS; owner += 8)
        found += count_of(owner);
    ck_assert_uint_eq(table.count - table.struck_out, expected);
    ck_assert_uint_eq(found, expected);
}

START_TEST(entries_are_found_by_both_keys)
{
    uint32_t random = 1;
    ck_assert_uint_eq(table_find(&table, 0, 8), 0);
    for (int step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        size_t i = random >> 8 & 0xffff;
        i %= ENTRIES;
        if (owners[i])
            drop(i);
        else
            add(i, 8 * (1 + (random >> 24) % OWNERS));
        if (step % 4000 == 0)
            compare();
    }
    compare();
}
END_TEST

/* From the last one down, each may be removed when it is its turn. */
START_TEST(removal_on_the_way_down)
{
    for (size_t i = 0; i < ENTRIES; i++)
        add(i, 8);
    size_t seen = 0;
    for (uint32_t number = table.count; number; number--) {
        const struct entry *e = table_at(&table, number);
        seen++;
        if (e->twice % 4 != 0)
            continue;
        owners[e->twice / 2] = 0;
        table_remove(&table, number);
    }
    ck_assert_uint_eq(seen, ENTRIES);
    compare();
    ck_assert_uint_eq(table.count, ENTRIES / 2);
}
END_TEST

/* They are not found any more, and gone for good some time after the next one is added. */
START_TEST(some_are_struck_out)
{
    static const size_t counts[] = {0,           1,           5,      ENTRIES / 5,
                                    ENTRIES / 2, ENTRIES - 1, ENTRIES};
    for (size_t i = ENTRIES; i-- > 0;)
        add(i, 8 * (1 + i % OWNERS));
    drop(0);
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        for (size_t name = 0; name < counts[i]; name++) {
            uint32_t number = table_find(&table, 0, name_of(name));
            if (number)
                table_strike_out(&table, number);
            owners[name] = 0;
        }
        compare();
        add(0, 8);
        ck_assert_uint_le(table.struck_out, table.count / 4);
        compare();
        drop(0);
    }
    add(7, 8);
    compare();
}
END_TEST

START_TEST(a_key_changes)
{
    for (size_t i = 0; i < ENTRIES; i++)
        add(i, 8);
    for (size_t i = 0; i < ENTRIES; i++) {
        uint32_t number = table_find(&table, 0, name_of(i));
        owners[i] = 8 * (1 + i % OWNERS);
        table_set_key(&table, number, 1, owners[i]);
    }
    compare();
}
END_TEST

/* What was set aside is there also when there is no memory. */
START_TEST(room_is_reserved)
{
    static struct table reserved = TABLE(struct entry, name, next);
    ck_assert(table_reserve(&reserved, ENTRIES));
    os_fail(1, true);
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry e = {.name = name_of(i)};
        ck_assert_uint_eq(table_add(&reserved, &e), i + 1);
    }
    errno = 0;
    bool grew = table_reserve(&reserved, 2 * reserved.capacity);
    os_fail(0, false);
    ck_assert(!grew && errno == ENOMEM);
    table_check(&reserved);
    ck_assert_uint_eq(reserved.count, ENTRIES);
}
END_TEST

static void check_changed_key(void *argument)
{
    struct entry *e = argument;
    e->name += 8 * ENTRIES;
    table_check(&table);
}

static void check_missing(void *argument)
{
    (void)argument;
    table.count++;
    table_check(&table);
}

START_TEST(broken_tables)
{
    for (size_t i = 0; i < 10; i++)
        add(i, 8);
    expect_abort(check_changed_key, table_at(&table, 5), "chain_of");
    expect_abort(check_missing, NULL, "found == t->count");
}
END_TEST

TCase *table_tests(void)
{
    TCase *t = tcase_create("table");
    tcase_add_test(t, entries_are_found_by_both_keys);
    tcase_add_test(t, removal_on_the_way_down);
    tcase_add_test(t, some_are_struck_out);
    tcase_add_test(t, a_key_changes);
    tcase_add_test(t, room_is_reserved);
    tcase_add_test(t, broken_tables);
    return t;
}
