/* What only a stream of stdio has: the buffer that it was given, or what it reads and writes by. */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>

enum { BYTES = 24 }; /* no victim is smaller */

/* Opened for the test, closed by the place when it is cleared. */
static FILE *streams[VICTIMS];

static void put_buffer(void *where, size_t i, void *p)
{
    FILE **files = where;
    if (!p)
        ck_assert_int_eq(fclose(files[i]), 0);
    else {
        files[i] = fopen("/dev/zero", "r");
        ck_assert(files[i] && setvbuf(files[i], p, _IOFBF, BYTES) == 0);
    }
}

START_TEST(buffers)
{
    place_check((struct place){put_buffer, streams});
}
END_TEST

static void put_cookie(void *where, size_t i, void *p)
{
    FILE **files = where;
    static const cookie_io_functions_t none;
    if (!p)
        ck_assert_int_eq(fclose(files[i]), 0);
    else
        ck_assert_ptr_nonnull(files[i] = fopencookie(p, "r", none));
}

START_TEST(cookies)
{
    place_check((struct place){put_cookie, streams});
}
END_TEST

static void put_memory(void *where, size_t i, void *p)
{
    FILE **files = where;
    if (!p)
        ck_assert_int_eq(fclose(files[i]), 0);
    else
        ck_assert_ptr_nonnull(files[i] = fmemopen(p, BYTES, "r"));
}

START_TEST(memory)
{
    place_check((struct place){put_memory, streams});
}
END_TEST

TCase *streams_case(void)
{
    TCase *tc = tcase_create("streams");
    tcase_add_test(tc, buffers);
    tcase_add_test(tc, cookies);
    tcase_add_test(tc, memory);
    return tc;
}
