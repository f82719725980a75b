/* The system's address space and memory. */
#include "base/os.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/maps.h"
#include "support.h"

static bool readable(const void *address)
{
    struct mapping m;
    return maps_find((uintptr_t)address, &m) && m.readable;
}

START_TEST(reserve_aligns)
{
    for (size_t alignment = OS_PAGE; alignment <= MIB(64); alignment *= 2) {
        size_t before = address_space(), bytes = 3 * OS_PAGE;
        char *p = os_reserve(bytes, alignment);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % alignment, 0);
        ck_assert(!readable(p));
        ck_assert_uint_eq(address_space(), before + bytes);
        os_release(p, bytes);
        ck_assert_uint_eq(address_space(), before);
    }
}
END_TEST

START_TEST(reserve_of_too_much)
{
    errno = 0;
    ck_assert_ptr_null(os_reserve(SIZE_MAX - OS_PAGE + 1, UNIT_BYTES));
    ck_assert_int_eq(errno, ENOMEM);
    errno = 0;
    ck_assert_ptr_null(os_reserve((size_t)1 << 60, OS_PAGE));
    ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

START_TEST(commit_and_decommit)
{
    size_t page = os_page_bytes(), bytes = 8 * page;
    char *p = os_reserve(bytes, page);
    ck_assert(os_commit(p + page, bytes - 2 * page));
    ck_assert(!readable(p) && readable(p + page) && !readable(p + bytes - page));
    ck_assert(all_bytes_are(p + page, bytes - 2 * page, 0));
    memset(p + page, 1, bytes - 2 * page);
    ck_assert_uint_eq(os_decommit(p + 2 * page, 3 * page), 3 * page);
    ck_assert(all_bytes_are(p + page, page, 1));
    ck_assert(all_bytes_are(p + 2 * page, 3 * page, 0));
    ck_assert(all_bytes_are(p + 5 * page, 2 * page, 1));
    memset(p + 2 * page, 2, 3 * page);
    ck_assert_uint_eq(os_decommit(p + page, 0), 0);
    os_release(p, bytes);
}
END_TEST

START_TEST(decommit_rounds_inwards)
{
    size_t page = os_page_bytes(), bytes = 4 * page;
    char *p = os_map(bytes);
    memset(p, 1, bytes);
    ck_assert_uint_eq(os_decommit(p + 16, bytes - 32), 2 * page);
    ck_assert(all_bytes_are(p, page, 1));
    ck_assert(all_bytes_are(p + page, 2 * page, 0));
    ck_assert(all_bytes_are(p + 3 * page, page, 1));
    ck_assert_uint_eq(os_decommit(p + 16, page), 0);
    ck_assert(all_bytes_are(p, page, 1));
    os_release(p, bytes);
}
END_TEST

START_TEST(map_is_zeroed)
{
    char *p = os_map(16 * OS_PAGE);
    ck_assert_ptr_nonnull(p);
    ck_assert(all_bytes_are(p, 16 * OS_PAGE, 0));
    memset(p, 1, 16 * OS_PAGE);
    os_release(p, 16 * OS_PAGE);
}
END_TEST

/* Where the system cannot move pages, nothing may have changed. */
START_TEST(move_leaves_zeros)
{
    size_t bytes = KIB(256);
    char *from = os_map(bytes), *to = os_map(bytes);
    memset(from, 1, bytes);
    memset(to, 2, bytes);
    bool moved = os_move(to, from, bytes);
    ck_assert(all_bytes_are(to, bytes, moved ? 1 : 2));
    ck_assert(all_bytes_are(from, bytes, moved ? 0 : 1));
    memset(from, 3, bytes);
    ck_assert(all_bytes_are(to, bytes, moved ? 1 : 2));
    os_release(from, bytes);
    os_release(to, bytes);
}
END_TEST

/* On success errno is not the library's to change, and advice cannot fail. */
START_TEST(populate_is_advice)
{
    size_t bytes = 4 * UNIT_BYTES;
    char *p = os_map(bytes);
    memset(p, 1, OS_PAGE);
    errno = EXDEV;
    os_populate(p, bytes);
    ck_assert(all_bytes_are(p, OS_PAGE, 1));
    ck_assert(all_bytes_are(p + OS_PAGE, bytes - OS_PAGE, 0));
    os_release(p, bytes);
    os_populate(p, bytes);
    ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(refusal_of_one_call)
{
    unsigned long calls = os_calls();
    os_fail(2, false);
    void *first = os_map(OS_PAGE);
    errno = 0;
    ck_assert_ptr_nonnull(first);
    ck_assert(!os_commit(first, OS_PAGE));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert(os_commit(first, OS_PAGE));
    ck_assert_uint_eq(os_calls(), calls + 3);
    os_release(first, OS_PAGE);
}
END_TEST

START_TEST(refusal_of_every_call)
{
    void *page = os_map(OS_PAGE), *other = os_map(OS_PAGE);
    memset(page, 1, OS_PAGE);
    os_fail(1, true);
    errno = 0;
    ck_assert_ptr_null(os_map(OS_PAGE));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(os_reserve(OS_PAGE, OS_PAGE));
    ck_assert(!os_commit(page, OS_PAGE));
    ck_assert_uint_eq(os_decommit(page, OS_PAGE), 0);
    ck_assert(!os_move(other, page, OS_PAGE));
    ck_assert(all_bytes_are(page, OS_PAGE, 1));
    os_fail(0, false);
    ck_assert_uint_eq(os_decommit(page, OS_PAGE),
                      os_page_bytes() > OS_PAGE ? 0 : OS_PAGE);
    os_release(page, OS_PAGE);
    os_release(other, OS_PAGE);
}
END_TEST

/* ---- Pages that are there -------------------------------------------------------------------- */

enum { PAGES = 300, SOME_PARTS = 7 };

enum { CACHED = -2 }; /* in place of a file: pages of shared memory are looked for */

/* Finds the parts, a few at a time, and marks their pages. */
static void find_parts(int file, const char *memory, bool *there)
{
    struct os_part parts[SOME_PARTS];
    size_t page = os_page_bytes();
    uintptr_t start = (uintptr_t)memory, low = start, high = start + PAGES * page;
    memset(there, 0, PAGES * sizeof *there);
    while (low < high) {
        uintptr_t from = low;
        size_t count = file == CACHED
                           ? os_pages_cached(&low, high, parts, SOME_PARTS)
                           : os_pages_find(file, &low, high, parts, SOME_PARTS);
        ck_assert_uint_gt(low, from);
        ck_assert_uint_le(count, SOME_PARTS);
        for (size_t i = 0; i < count; i++) {
            ck_assert(parts[i].low >= from && parts[i].low < parts[i].high &&
                      parts[i].high <= low);
            for (uintptr_t at = parts[i].low; at < parts[i].high; at += page)
                there[(at - start) / page] = true;
            from = parts[i].high;
        }
    }
}

static char *map_pages(void)
{
    char *memory = os_map(PAGES * os_page_bytes());
    ck_assert_ptr_nonnull(memory);
    os_small_pages(memory, PAGES * os_page_bytes());
    return memory;
}

START_TEST(written_pages_are_found)
{
    bool there[PAGES], written[PAGES] = {false};
    char *memory = map_pages();
    int file = os_pages_open();
    for (size_t i = 0; i < PAGES; i++) {
        find_parts(file, memory, there);
        for (size_t p = 0; p < PAGES; p++)
            ck_assert(there[p] == written[p] || file < 0);
        size_t page = roll(PAGES);
        memory[page * os_page_bytes()] = 1;
        written[page] = true;
    }
    os_pages_close(file);
}
END_TEST

/* A file in the form of /proc/self/pagemap, which no other question works with. */
static int make_pagemap(const char *memory, const uint64_t *entries)
{
    char name[] = "/tmp/pagemapXXXXXX";
    int file = mkstemp(name);
    ck_assert_int_ge(file, 0);
    unlink(name);
    off_t at = (off_t)((uintptr_t)memory / os_page_bytes() * sizeof *entries);
    if (pwrite(file, entries, PAGES * sizeof *entries, at) !=
        (ssize_t)(PAGES * sizeof *entries))
        return close(file), -1;
    return file;
}

/* Older systems tell it page by page.  What is in swap space is there. */
START_TEST(pages_by_entries)
{
    static const uint64_t kinds[] = {0, 0, UINT64_C(1) << 63, UINT64_C(1) << 62,
                                     UINT64_C(1) << 61};
    bool there[PAGES];
    uint64_t entries[PAGES];
    char *memory = map_pages();
    for (size_t p = 0; p < PAGES; p++)
        entries[p] = kinds[roll(COUNT_OF(kinds))];
    int file = make_pagemap(memory, entries);
    if (file < 0)
        return; /* no file may be so long here */
    find_parts(file, memory, there);
    for (size_t p = 0; p < PAGES; p++)
        ck_assert(there[p] == (entries[p] >> 62 != 0));
    close(file);
}
END_TEST

/* What is not told counts as there. */
START_TEST(pages_not_told)
{
    bool there[PAGES];
    char *memory = map_pages();
    int nothing = open("/dev/null", O_RDONLY);
    for (int i = 0; i < 2; i++) {
        find_parts(i ? nothing : -1, memory, there);
        for (size_t p = 0; p < PAGES; p++)
            ck_assert(there[p]);
    }
    struct os_part part;
    uintptr_t low = (uintptr_t)memory + 8, high = low + 800;
    ck_assert_uint_eq(os_pages_find(-1, &low, high, &part, 1), 1);
    ck_assert(part.low == (uintptr_t)memory + 8 && part.high == high && low == high);
}
END_TEST

/* A child has nothing of it in its page table before it reads it, and does not read what is not there. */
START_TEST(pages_of_shared_memory)
{
    bool there[PAGES];
    size_t page = os_page_bytes();
    char *memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(memory, MAP_FAILED);
    for (size_t p = 0; p < PAGES; p += 1 + p % 3)
        memory[p * page] = 1;
    pid_t child = fork();
    find_parts(CACHED, memory, there);
    for (size_t p = 0, next = 0; p < PAGES; p++) {
        ck_assert_msg(there[p] == (p == next), "page %zu", p);
        next += p == next ? 1 + p % 3 : 0;
    }
    if (child == 0)
        _exit(0);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* Memory that is not mapped is not told of. */
START_TEST(shared_pages_not_told)
{
    struct os_part part;
    uintptr_t high = (uintptr_t)map_pages(), low = high - os_page_bytes() / 2;
    ck_assert_uint_eq(os_pages_cached(&low, high, &part, 1), 1);
    ck_assert(part.low == high - os_page_bytes() / 2 && part.high == high && low == high);
}
END_TEST

/* Zero it is in any case, and what was not there is not there afterwards. */
START_TEST(zero_takes_no_memory)
{
    size_t page = os_page_bytes(), bytes = PAGES * page;
    char *memory = map_pages();
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < 40; i++)
            memset(memory + roll(PAGES) * page, 1, page);
        size_t low = roll((uint32_t)bytes / 2), high = bytes - roll((uint32_t)bytes / 2);
        memory[low ? low - 1 : low] = memory[high - 1] = 1;
        os_zero(memory + low, high - low, round % 2);
        ck_assert(round % 2 == 0 || high - low < 2 * page ||
                  resident_pages(memory + low / page * page + page,
                                 high / page * page - low / page * page - page) == 0);
        ck_assert(all_bytes_are(memory + low, high - low, 0));
        ck_assert(low == 0 || memory[low - 1] == 1);
        os_decommit(memory, bytes);
        os_zero(memory, bytes, false);
        ck_assert_uint_eq(resident_pages(memory, bytes), 0);
    }
}
END_TEST

START_TEST(promises)
{
    ck_assert(os_can_promise(0));
    ck_assert(os_can_promise(MIB(64)));
    errno = 0;
    if (os_address_space_limit() == SIZE_MAX) {
        ck_assert(!os_can_promise((size_t)1 << 60));
        ck_assert_int_eq(errno, ENOMEM);
    }
}
END_TEST

START_TEST(address_space_limit)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    if (limit.rlim_cur == RLIM_INFINITY)
        ck_assert_uint_eq(os_address_space_limit(), SIZE_MAX);
    limit.rlim_cur = address_space() + GIB(100);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    ck_assert_uint_eq(os_address_space_limit(), limit.rlim_cur);
}
END_TEST

START_TEST(time_does_not_run_back)
{
    uint64_t last = os_now();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = os_now();
        ENSURE(now >= last);
        last = now;
    }
}
END_TEST

TCase *os_tests(void)
{
    TCase *t = tcase_create("os");
    tcase_add_test(t, reserve_aligns);
    tcase_add_test(t, reserve_of_too_much);
    tcase_add_test(t, commit_and_decommit);
    tcase_add_test(t, decommit_rounds_inwards);
    tcase_add_test(t, map_is_zeroed);
    tcase_add_test(t, move_leaves_zeros);
    tcase_add_test(t, populate_is_advice);
    tcase_add_test(t, refusal_of_one_call);
    tcase_add_test(t, refusal_of_every_call);
    tcase_add_test(t, written_pages_are_found);
    tcase_add_test(t, pages_by_entries);
    tcase_add_test(t, pages_not_told);
    tcase_add_test(t, pages_of_shared_memory);
    tcase_add_test(t, shared_pages_not_told);
    tcase_add_test(t, zero_takes_no_memory);
    tcase_add_test(t, promises);
    tcase_add_test(t, address_space_limit);
    tcase_add_test(t, time_does_not_run_back);
    return t;
}
