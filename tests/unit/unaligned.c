/* Option unaligned: pointers at each multiple of 4 are found, wherever they lie in an object, a root or a
 * stack, and without the option only those at multiples of 8. */
#include <string.h>

#include "collect/mark.h"
#include "support.h"

static struct fixture f;
static struct marker m;

enum { TARGET_BYTES = 48 };

static void start(bool unaligned)
{
    fixture_create(&f);
    ck_assert(marker_create(&m, &f.heap, MARKER_PART));
    m.unaligned = unaligned;
}

static bool is_marked(const void *object)
{
    return *state_of(&f, object) == f.heap.numbers->mark;
}

static void put(void *place, size_t offset, const void *pointer)
{
    memcpy((char *)place + offset, &pointer, sizeof pointer);
}

/* Whether a cycle that begins at [low, high) finds the object. */
static bool finds(const void *low, const void *high, const void *target,
                  void (*scan)(struct marker *m, uintptr_t low, uintptr_t high))
{
    *state_of(&f, target) = STATE_NEW;
    marker_begin(&m, true);
    scan(&m, (uintptr_t)low, (uintptr_t)high);
    marker_drain(&m);
    marker_end(&m);
    return is_marked(target);
}

/* Small ones, those that are read by way of a filter, by pages, by pieces, and by their parts. */
static const size_t sizes[] = {16, 24, 500, 504, 512, 4000, 8192, 8200, 30000, 3 << 20};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* The first and last places, those at the edges of pages and pieces, and some at random. */
static size_t place_of(size_t i, size_t size)
{
    size_t edge = i / 8 * 4096, last = size - sizeof(void *);
    size_t offset = edge + 4 * (i % 8) - (edge ? 16 : 0);
    if (i < 8 * (size / 4096 + 1) && i < 80 && offset <= last)
        return offset;
    return i % 2 ? last - 4 * (i / 2 % 3) : 4 * (roll((uint32_t)(last / 4 + 1)));
}

START_TEST(objects)
{
    enum { TIMES = 120 };
    bool unaligned = _i & 1;
    size_t size = sizes[_i / 2];
    start(unaligned);
    char *object = fixture_alloc(&f, KIND_SCANNED, size);
    void *target = fixture_alloc(&f, KIND_ATOMIC, TARGET_BYTES);
    for (size_t i = 0; i < TIMES; i++) {
        size_t offset = place_of(i, size);
        memset(object, 0, size);
        put(object, offset, target);
        *state_of(&f, object) = STATE_NEW;
        m.near_bytes = i % 2 ? SIZE_MAX : 0;
        bool found = finds(&object, &object + 1, target, marker_scan_roots);
        ck_assert_msg(found == (unaligned || offset % 8 == 0), "at %zu of %zu", offset,
                      size);
    }
    fixture_destroy(&f);
}
END_TEST

static void (*const scans[])(struct marker *m, uintptr_t low,
                             uintptr_t high) = {marker_scan_roots, marker_scan_stack};

/* Also where one chunk of words ends and the next begins. */
START_TEST(roots)
{
    enum { BYTES = 3 * FILTER_WORDS * 8 + 24 };
    static _Alignas(8) char root[BYTES];
    bool unaligned = _i & 1;
    start(unaligned);
    void *target = fixture_alloc(&f, KIND_SCANNED, TARGET_BYTES);
    for (size_t offset = 0; offset + sizeof target <= BYTES;
         offset += offset % (FILTER_WORDS * 8) == 64 ? FILTER_WORDS * 8 - 128 : 4) {
        memset(root, 0, BYTES);
        put(root, offset, target);
        bool found = finds(root, root + BYTES, target, scans[_i / 2]);
        ck_assert_msg(found == (unaligned || offset % 8 == 0), "at %zu", offset);
    }
    fixture_destroy(&f);
}
END_TEST

/* Halves that are not side by side are no pointer, nor are those with something else beside them. */
START_TEST(halves)
{
    enum { HALVES = 16 };
    start(true);
    uint32_t *object = fixture_alloc(&f, KIND_SCANNED, HALVES * sizeof *object);
    void *target = fixture_alloc(&f, KIND_ATOMIC, TARGET_BYTES);
    uint32_t low = (uint32_t)(uintptr_t)target,
             high = (uint32_t)((uintptr_t)target >> 32);
    for (int i = 0; i < HALVES; i++)
        object[i] = low + (UINT32_C(1) << 30); /* a GiB from there: not in the heap */
    object[2] = low;
    object[5] = high;
    ck_assert(!finds(&object, &object + 1, target, marker_scan_roots));
    object[3] = high;
    *state_of(&f, object) = STATE_NEW;
    ck_assert(finds(&object, &object + 1, target, marker_scan_roots));
    object[3] = low;
    object[4] = high;
    object[2] = object[5] = low + (UINT32_C(1) << 30);
    *state_of(&f, object) = STATE_NEW;
    ck_assert(finds(&object, &object + 1, target, marker_scan_roots));
    fixture_destroy(&f);
}
END_TEST

TCase *unaligned_tests(void)
{
    TCase *t = tcase_create("unaligned");
    tcase_add_loop_test(t, objects, 0, 2 * SIZES);
    tcase_add_loop_test(t, roots, 0, 4);
    tcase_add_test(t, halves);
    return t;
}
