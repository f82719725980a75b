/* Capturing call stacks. */
#include "trace/capture.h"

#include "support.h"

static uintptr_t frames[2 * CAPTURE_DEPTH_MAX];
static volatile uintptr_t caller; /* the return address of capture_here */

NOINLINE static size_t capture_here(size_t depth)
{
    caller = (uintptr_t)__builtin_return_address(0);
    volatile size_t count = capture_stack(CAPTURE_CALL(), frames, depth);
    return count;
}

NOINLINE static size_t dive(unsigned levels, size_t depth)
{
    volatile size_t count = levels ? dive(levels - 1, depth) : capture_here(depth);
    return count;
}

START_TEST(begins_with_the_caller)
{
    ck_assert_uint_gt(dive(0, 16), 1);
    ck_assert_uint_eq(frames[0], caller);
}
END_TEST

START_TEST(has_every_level)
{
    size_t shallow = dive(3, CAPTURE_DEPTH_MAX);
    ck_assert_uint_eq(dive(23, CAPTURE_DEPTH_MAX), shallow + 20);
    for (size_t i = 2; i <= 23; i++)
        ck_assert_uint_eq(frames[i], frames[1]);
    ck_assert_uint_ne(frames[24], frames[1]);
}
END_TEST

START_TEST(is_no_deeper_than_asked)
{
    static const size_t depths[] = {0, 1, 2, 16, CAPTURE_DEPTH_MAX};
    for (size_t i = 0; i < COUNT_OF(depths); i++) {
        memset(frames, 0, sizeof frames);
        ck_assert_uint_eq(dive(500, depths[i]), depths[i]);
        ck_assert_uint_eq(frames[depths[i]], 0);
    }
    ck_assert_uint_eq(dive(500, SIZE_MAX), CAPTURE_DEPTH_MAX);
    ck_assert_uint_eq(frames[CAPTURE_DEPTH_MAX], 0);
}
END_TEST

TCase *capture_tests(void)
{
    TCase *t = tcase_create("capture");
    tcase_add_test(t, begins_with_the_caller);
    tcase_add_test(t, has_every_level);
    tcase_add_test(t, is_no_deeper_than_asked);
    return t;
}
