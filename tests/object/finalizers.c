/* gc_finalizer_set and its like: what is registered, replaced and taken back, and what is an error. */
#include "object.h"

#include <errno.h>
#include <gcalloc/finalizer.h>

#include "../roots/place.h"

static void never(void *object, void *data)
{
    (void)object;
    (void)data;
    ck_abort_msg("it was taken back");
}

static void register_and_forget(void *unused)
{
    void *object = gc_alloc(32), *data = NULL;
    (void)unused;
    ck_assert_ptr_null((void *)gc_finalizer_get(object, NULL));
    ck_assert_ptr_null((void *)gc_finalizer_set(object, never, &errno));
    ck_assert(gc_finalizer_get(object, &data) == never);
    ck_assert_ptr_eq(data, &errno);
    ck_assert(gc_finalizer_set(object, NULL, NULL) == never);
    ck_assert_ptr_null((void *)gc_finalizer_get(object, &data));
    ck_assert_ptr_null(data);
}

START_TEST(taken_back)
{
    deeply(register_and_forget, NULL);
    collect(1);
    ck_assert_uint_eq(gc_finalizers_run(), 0);
}
END_TEST

TCase *finalizers_case(void)
{
    TCase *tc = tcase_create("finalizers");
    tcase_add_test(tc, taken_back);
    return tc;
}
