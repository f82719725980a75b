/* Every way to filter words against a plain loop. */
#include "collect/filter.h"

#include <sys/mman.h>
#include <unistd.h>

#include "support.h"

enum { WORDS = 64, SPACE = WORDS + 8, RANDOM_ROUNDS = 20000 };

static const struct {
    uintptr_t base;
    size_t bytes;
} heaps[] = {
    {0x7f0000000000, GIB(1)},
    {0x10000, KIB(64)},
    {0, KIB(64)},
    {0x7fffffffffff0000, KIB(128)}, /* to both sides of the sign */
    {0x8000000000000000, GIB(4)},
    {0xffff800000000000, GIB(64)},
    {(uintptr_t)0 - KIB(64), KIB(64)},
    {0x7f0000000000, GIB(1) + 1}, /* as for stacks */
    {0x7f0000000000, 1},
    {0x7f0000000000, 0},
    {0, SIZE_MAX},
};

static size_t expect(const uintptr_t *words, size_t count, size_t heap, uintptr_t *found)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (words[i] - heaps[heap].base < heaps[heap].bytes)
            found[n++] = words[i];
    return n;
}

/* The words end where what must not be read begins, and found where nothing may be written.
 */
static void check_filters(const uintptr_t *words, size_t count, size_t heap)
{
    uintptr_t expected[WORDS], found[SPACE];
    size_t n = expect(words, count, heap, expected);
    for (const struct filter *f = filters;; f++) {
        memset(found, 0x5a, sizeof found);
        if (f->supported()) {
            ENSURE(f->run(words, count, heaps[heap].base, heaps[heap].bytes, found) == n);
            ENSURE(memcmp(found, expected, n * sizeof *found) == 0);
            ENSURE(all_bytes_are(found + WORDS, sizeof found - sizeof expected, 0x5a));
        }
        if (strcmp(f->name, "scalar") == 0)
            break;
    }
}

static uintptr_t random_word(void)
{
    return (uintptr_t)roll(UINT32_MAX) << 32 ^ roll(UINT32_MAX);
}

/* A word at an edge, `inside` in the range, or anything. */
static uintptr_t draw(size_t heap, uint32_t inside)
{
    uintptr_t base = heaps[heap].base;
    size_t bytes = heaps[heap].bytes;
    const uintptr_t edges[] = {
        base - 1,
        base,
        base + 1,
        base + bytes - 1,
        base + bytes,
        base + bytes + 1,
        0,
        UINTPTR_MAX,
        INTPTR_MAX,
        (uintptr_t)INTPTR_MAX + 1,
        ~base,
        base ^ (uintptr_t)1 << 63,
        base & 1u << 31,
        base >> 32,
    };
    if (roll(100) < inside)
        return base + (bytes ? random_word() % bytes : 0);
    return roll(2) ? edges[roll(COUNT_OF(edges))] : random_word();
}

START_TEST(random_words)
{
    size_t heap = (size_t)_i;
    uintptr_t words[WORDS];
    for (int round = 0; round < RANDOM_ROUNDS; round++) {
        uint32_t inside = roll(3) * 50;
        size_t count = roll(WORDS + 1);
        uintptr_t *first = words + WORDS - count;
        for (size_t i = 0; i < count; i++)
            first[i] = draw(heap, inside);
        check_filters(first, count, heap);
    }
}
END_TEST

/* One word in range, or one out of range, in each place of each length. */
START_TEST(each_place)
{
    uintptr_t in = heaps[0].base, out = in - 1, words[WORDS];
    for (size_t count = 0; count <= WORDS; count++) {
        for (size_t place = 0; place <= count; place++) {
            for (size_t i = 0; i < count; i++)
                words[i] = i == place ? in : out;
            check_filters(words, count, 0);
            for (size_t i = 0; i < count; i++)
                words[i] = i == place ? out : in + i;
            check_filters(words, count, 0);
        }
    }
}
END_TEST

/* Words just before memory that cannot be read. */
START_TEST(nothing_behind_is_read)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
    uintptr_t *end = (uintptr_t *)(void *)(pages + page);
    for (size_t count = 0; count <= WORDS; count++)
        check_filters(end - count, count, 2);
    munmap(pages, 2 * page);
}
END_TEST

START_TEST(best_is_supported)
{
    const struct filter *f = filters;
    while (!f->supported())
        f++;
    filter_function *best = filter_best();
    ck_assert(best == f->run || (!best && strcmp(f->name, "scalar") == 0));
}
END_TEST

TCase *filter_tests(void)
{
    TCase *t = tcase_create("filter");
    tcase_add_loop_test(t, random_words, 0, COUNT_OF(heaps));
    tcase_add_test(t, each_place);
    tcase_add_test(t, nothing_behind_is_read);
    tcase_add_test(t, best_is_supported);
    return t;
}
