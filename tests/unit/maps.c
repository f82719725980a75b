/* The kernel's list of mappings against mappings made here. */
#include "base/maps.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/os.h"
#include "support.h"

static void *map_pages(size_t pages, int protection)
{
    void *p = mmap(NULL, pages * os_page_bytes(), protection, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    return p;
}

static void expect(uintptr_t address, uintptr_t low, uintptr_t high, bool readable)
{
    struct mapping m;
    ck_assert(maps_find(address, &m) == MAPS_FOUND);
    ck_assert_uint_eq(m.low, low);
    ck_assert_uint_eq(m.high, high);
    ck_assert_int_eq(m.readable, readable);
}

/* Three pages between guards, the middle one write-only or unreadable. */
START_TEST(bounds_and_protection)
{
    size_t page = os_page_bytes();
    uintptr_t p = (uintptr_t)map_pages(5, PROT_NONE);
    ck_assert_int_eq(mprotect((void *)(p + page), page, PROT_READ), 0);
    ck_assert_int_eq(mprotect((void *)(p + 2 * page), page, PROT_READ | PROT_WRITE), 0);
    ck_assert_int_eq(mprotect((void *)(p + 3 * page), page, PROT_READ), 0);
    expect(p + page, p + page, p + 2 * page, true);
    expect(p + 2 * page - 1, p + page, p + 2 * page, true);
    expect(p + 2 * page, p + 2 * page, p + 3 * page, true);
    expect(p + 3 * page, p + 3 * page, p + 4 * page, true);
    struct mapping guard;
    ck_assert(maps_find(p + 4 * page, &guard) == MAPS_FOUND);
    ck_assert(!guard.readable && guard.low == p + 4 * page);
    ck_assert(maps_find(p + page - 1, &guard) == MAPS_FOUND);
    ck_assert(!guard.readable && guard.high == p + page);
}
END_TEST

/* What a walk is to find: a mapping of one page, and what it says of that. */
struct wanted {
    struct mapping mapping;
    int found;
    uintptr_t end; /* of the mapping before */
};

static void compare(void *argument, const struct mapping *m)
{
    struct wanted *w = argument;
    const struct mapping *wanted = &w->mapping;
    ck_assert_uint_le(w->end, m->low);
    w->end = m->high;
    if (m->low > wanted->low || m->high <= wanted->low)
        return;
    w->found++;
    ck_assert(m->readable == wanted->readable && m->writable == wanted->writable);
    ck_assert(m->shared == wanted->shared && m->file == wanted->file);
    ck_assert_int_eq(strncmp(m->name, wanted->name, strlen(wanted->name)), 0);
}

START_TEST(walk_tells_what_each_is)
{
    static const struct {
        int flags, protection;
        bool file;
        const char *name;
    } kinds[] = {
        {MAP_PRIVATE | MAP_ANONYMOUS, PROT_READ | PROT_WRITE, false, ""},
        {MAP_PRIVATE | MAP_ANONYMOUS, PROT_READ, false, ""},
        {MAP_PRIVATE | MAP_ANONYMOUS, PROT_NONE, false, ""},
        {MAP_SHARED | MAP_ANONYMOUS, PROT_READ | PROT_WRITE, true, "/dev/zero"},
        {MAP_PRIVATE, PROT_READ | PROT_WRITE, true, "/"},
        {MAP_SHARED, PROT_READ, true, "/"},
    };
    int flags = kinds[_i].flags, protection = kinds[_i].protection;
    int file = open("/proc/self/exe", O_RDONLY);
    void *p = mmap(NULL, os_page_bytes(), protection, flags,
                   flags & MAP_ANONYMOUS ? -1 : file, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    struct wanted w = {.mapping = {.low = (uintptr_t)p,
                                   .readable = protection & PROT_READ,
                                   .writable = protection & PROT_WRITE,
                                   .shared = flags & MAP_SHARED,
                                   .file = kinds[_i].file}};
    strcpy(w.mapping.name, kinds[_i].name);
    ck_assert(maps_walk(compare, &w));
    ck_assert_int_eq(w.found, 1);
    close(file);
}
END_TEST

/* A page that is left out of core files is a mapping of its own. */
START_TEST(split_mappings_are_joined)
{
    struct mapping m;
    size_t page = os_page_bytes();
    uintptr_t low = (uintptr_t)map_pages(3, PROT_READ | PROT_WRITE);
    ck_assert_int_eq(madvise((void *)(low + page), page, MADV_DONTDUMP), 0);
    expect(low + page, low + page, low + 2 * page, true);
    for (uintptr_t at = low; at < low + 3 * page; at += page) {
        ck_assert(maps_find_joined(at, &m) == MAPS_FOUND);
        ck_assert(m.low <= low && m.high >= low + 3 * page);
    }
    ck_assert_int_eq(mprotect((void *)(low + page), page, PROT_NONE), 0);
    ck_assert(maps_find_joined(low, &m) == MAPS_FOUND);
    ck_assert_uint_eq(m.high, low + page);
}
END_TEST

/* What is locked is not swapped out; of what is no mapping nothing is told. */
START_TEST(locked_memory_is_not_swapped)
{
    struct mapping m;
    size_t page = os_page_bytes();
    char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    ck_assert_int_eq(mlock(p, page), 0);
    ck_assert(maps_find((uintptr_t)p, &m) == MAPS_FOUND);
    ck_assert(!maps_swapped(&m));
    m.low++;
    ck_assert(maps_swapped(&m));
    ck_assert_int_eq(munmap(p, page), 0);
}
END_TEST

START_TEST(hole_is_no_mapping)
{
    struct mapping m;
    size_t page = os_page_bytes();
    uintptr_t p = (uintptr_t)map_pages(3, PROT_READ | PROT_WRITE);
    ck_assert_int_eq(mprotect((void *)p, page, PROT_NONE), 0);
    munmap((void *)(p + page), page);
    ck_assert(maps_find(p + page, &m) == MAPS_NONE);
    ck_assert(maps_find(p + 2 * page - 1, &m) == MAPS_NONE);
    ck_assert(maps_find(p + 2 * page, &m) == MAPS_FOUND && m.low == p + 2 * page);
    ck_assert(maps_find(0, &m) == MAPS_NONE);
    ck_assert(maps_find(UINTPTR_MAX, &m) == MAPS_NONE);
}
END_TEST

/* Enough mappings that lines lie across every boundary of the reader's buffer. */
START_TEST(long_list)
{
    enum { PAGES = 600 };
    size_t page = os_page_bytes();
    uintptr_t p = (uintptr_t)map_pages(PAGES, PROT_NONE);
    for (size_t i = 1; i < PAGES; i += 2)
        ck_assert_int_eq(mprotect((void *)(p + i * page), page, PROT_READ), 0);
    for (size_t i = 1; i < PAGES - 1; i++)
        expect(p + i * page + i, p + i * page, p + (i + 1) * page, i % 2);
}
END_TEST

/* With every descriptor in use the list cannot be read: the stretch that can be read is found
 * page by page. */
START_TEST(without_descriptors)
{
    size_t page = os_page_bytes();
    uintptr_t p = (uintptr_t)map_pages(103, PROT_NONE);
    struct rlimit few = {32, 32};
    struct mapping m;
    ck_assert_int_eq(mprotect((void *)(p + page), 101 * page, PROT_READ | PROT_WRITE), 0);
    setrlimit(RLIMIT_NOFILE, &few);
    while (dup(STDERR_FILENO) >= 0)
        ;
    expect(p + page, p + page, p + 102 * page, true);
    expect(p + 50 * page + 8, p + page, p + 102 * page, true);
    expect(p + 102 * page - 1, p + page, p + 102 * page, true);
    ck_assert(maps_find(p, &m) == MAPS_NONE);
    ck_assert(maps_find(p + 102 * page, &m) == MAPS_NONE);
    ck_assert(maps_find(UINTPTR_MAX, &m) == MAPS_NONE);
}
END_TEST

/* A reservation of a terabyte that can be read is not searched to its end. */
START_TEST(long_stretch_is_unknown)
{
    size_t bytes = (size_t)1 << 40;
    struct mapping m;
    void *p =
        mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return;
    ck_assert(maps_probe((uintptr_t)p + bytes / 2, &m) == MAPS_UNKNOWN);
    ck_assert(maps_find((uintptr_t)p + bytes / 2, &m) == MAPS_FOUND);
}
END_TEST

START_TEST(known_places)
{
    static int data;
    int local;
    struct mapping m;
    const void *places[] = {&data, &local, (const void *)(uintptr_t)maps_find, "text"};
    errno = EDOM;
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        uintptr_t address = (uintptr_t)places[i];
        ck_assert(maps_find(address, &m) == MAPS_FOUND);
        ck_assert(m.readable && m.low <= address && address < m.high);
    }
    ck_assert_int_eq(errno, EDOM);
}
END_TEST

/* Forty pages and a guard. */
START_TEST(readable_up_to)
{
    size_t page = os_page_bytes(), last = 39 * page;
    uintptr_t p = (uintptr_t)map_pages(41, PROT_READ | PROT_WRITE);
    ck_assert_uint_eq(maps_readable(p, p + 1), 1);
    ck_assert_uint_eq(maps_readable(p + 10, p + 41 * page), 41 * page - 10);
    ck_assert_int_eq(mprotect((void *)(p + last), page, PROT_NONE), 0);
    errno = EDOM;
    ck_assert_uint_eq(maps_readable(p, p + last), last);
    ck_assert_uint_eq(maps_readable(p, p + last + 1), last);
    ck_assert_uint_eq(maps_readable(p, p + last + 2 * page), last);
    ck_assert_uint_eq(maps_readable(p + last - 1, p + last + 2 * page), 1);
    ck_assert_uint_eq(maps_readable(p + last + 1, p + last + 2 * page), 0);
    ck_assert_uint_eq(maps_readable(p + last + page, p + last + 2 * page), page);
    ck_assert_int_eq(errno, EDOM);
}
END_TEST

TCase *maps_tests(void)
{
    TCase *t = tcase_create("maps");
    tcase_add_test(t, bounds_and_protection);
    tcase_add_loop_test(t, walk_tells_what_each_is, 0, 6);
    tcase_add_test(t, split_mappings_are_joined);
    tcase_add_test(t, locked_memory_is_not_swapped);
    tcase_add_test(t, hole_is_no_mapping);
    tcase_add_test(t, long_list);
    tcase_add_test(t, readable_up_to);
    tcase_add_test(t, known_places);
    tcase_add_test(t, without_descriptors);
    tcase_add_test(t, long_stretch_is_unknown);
    return t;
}
