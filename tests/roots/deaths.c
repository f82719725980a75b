/* Objects that die with pages that cannot be read or written: whoever has their memory next can
 * use all of it. */
#include "guards.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../api/sanitizer.h"

static bool by_read_only(char *page, size_t bytes)
{
    return mprotect(page, bytes, PROT_READ) == 0;
}

static bool by_file(char *page, size_t bytes)
{
    char name[] = "/tmp/guardsXXXXXX";
    int file = mkstemp(name);
    ck_assert_int_ge(file, 0);
    unlink(name);
    ck_assert_int_eq(ftruncate(file, (off_t)bytes), 0);
    void *p = mmap(page, bytes, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0);
    close(file);
    return p == page;
}

static bool by_munmap(char *page, size_t bytes)
{
    return munmap(page, bytes) == 0;
}

/* Nothing is mapped there before or afterwards, as far as the program can tell. */
static bool by_mremap(char *page, size_t bytes)
{
    void *moved = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mremap(page, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, moved) == moved;
}

/* Nothing stands in front of this one. */
static bool by_system_call(char *page, size_t bytes)
{
    return syscall(SYS_mprotect, page, bytes, PROT_NONE) == 0;
}

static bool (*const deaths[])(char *page, size_t bytes) = {by_mprotect,   by_madvise,
                                                           by_truncation, by_read_only,
                                                           by_file,       by_munmap,
                                                           by_mremap,     by_system_call};
enum { DEATHS = sizeof deaths / sizeof deaths[0] };

static const unsigned kinds[] = {0, GC_ATOMIC, GC_MANUAL, GC_MANUAL | GC_ATOMIC};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* How many of a size die, and how many come after them. */
enum { DYING = 4, BORN = 16, BORN_BYTES = 1 << 20 };

static char *volatile keepers[BORN];

struct dying {
    bool (*way)(char *page, size_t bytes);
    size_t page, bytes;
    unsigned flags;
    bool freed;
    bool collected; /* once while it lives */
    bool possible;
    size_t count;
    uintptr_t hidden[DYING];
};

static void protect(void *argument)
{
    struct dying *d = argument;
    for (size_t i = 0; i < d->count && d->possible; i++) {
        char *object = gc_alloc_with(d->bytes, d->page, d->flags);
        ck_assert_ptr_nonnull(object);
        memset(object, 0x55, d->bytes);
        d->hidden[i] = hide(object);
        keepers[i] = object;
        d->possible =
            d->way(object, d->page) && d->way(object + d->bytes - d->page, d->page);
    }
}

static void let_go(void *argument)
{
    const struct dying *d = argument;
    for (size_t i = 0; i < d->count; i++) {
        if (d->freed)
            gc_free(keepers[i]);
        keepers[i] = NULL;
    }
}

static void *(*const births[])(size_t size) = {gc_alloc, gc_alloc_atomic, gc_alloc_manual,
                                               gc_alloc_manual_atomic};

/* As many objects as had the memory before and more, all of it written. */
static void use_again(void *argument)
{
    const struct dying *d = argument;
    for (size_t kind = 0; kind < KINDS; kind++) {
        if (kind != 0 && kinds[kind] != d->flags)
            continue;
        for (size_t i = 0; i < BORN && i * d->bytes < BORN_BYTES; i++) {
            char *object = births[kind](d->bytes);
            ck_assert_ptr_nonnull(object);
            if (!(kinds[kind] & GC_ATOMIC))
                for (size_t at = 0; at < d->bytes; at += 512)
                    ck_assert_int_eq(object[at], 0);
            memset(object, 0xaa, d->bytes);
            keepers[i] = object;
        }
        for (size_t i = 0; i < BORN; i++)
            if (keepers[i])
                gc_free(keepers[i]);
        memset((void *)keepers, 0, sizeof keepers);
    }
}

static void die(struct dying d)
{
    bool manual = d.flags & GC_MANUAL;
    d.possible = true;
    deeply(protect, &d);
    if (d.collected)
        collect(1);
    if (!d.possible)
        return memset((void *)keepers, 0, sizeof keepers), (void)0;
    d.freed |= manual;
    deeply(let_go, &d);
    if (!d.freed)
        collect(3);
    deeply(use_again, &d);
    collect(1);
}

/* What the library is not told of it sees in a collection. */
START_TEST(dead_objects)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    static const size_t pages[] = {1, 2, 3, 15, 16, 40, 300, 1100};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        for (size_t kind = 0; kind < KINDS; kind++)
            for (int freed = 0; freed < 2; freed++) {
                struct dying d = {.way = deaths[_i],
                                  .page = page,
                                  .bytes = pages[i] * page,
                                  .flags = kinds[kind],
                                  .freed = freed,
                                  .count = pages[i] > 100 ? 1 : DYING};
                d.collected = d.way == by_system_call;
                if (!d.collected || !(d.flags & GC_ATOMIC))
                    die(d);
            }
}
END_TEST

/* A large object that is made smaller, and larger again, has lost what was there. */
START_TEST(resized_object)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = 40 * page;
    char *object = gc_alloc(bytes);
    object = (char *)(((uintptr_t)object + page - 1) / page * page);
    if (!deaths[_i](object + 34 * page, 2 * page))
        return;
    if (deaths[_i] == by_system_call)
        collect(1); /* which sees it */
    char *smaller = gc_realloc(object, 33 * page);
    ck_assert_ptr_nonnull(smaller);
    char *larger = gc_realloc(smaller, bytes);
    ck_assert_ptr_nonnull(larger);
    for (size_t i = 33 * page; i < bytes; i++)
        ck_assert_int_eq(larger[i], 0);
    memset(larger, 1, bytes);
}
END_TEST

/* What the program maps later does not come to lie in an object of which it has unmapped pages. */
START_TEST(unmapped_is_not_free)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bool (*const unmap[])(char *, size_t) = {by_munmap, by_mremap};
    for (int i = 0; i < BORN; i++) {
        char *object = gc_alloc_aligned(page, 40 * page);
        keepers[i] = object;
        ck_assert(unmap[_i](object + 10 * page, page));
        void *p =
            mmap(object + 10 * page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(p, object + 10 * page);
        p = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert((char *)p < object || (char *)p >= object + 40 * page);
    }
    collect(2);
}
END_TEST

TCase *deaths_case(void)
{
    TCase *tc = tcase_create("deaths");
    if (UNDER_TSAN) /* there nothing stands in front of mmap and its like */
        return tc;
    tcase_add_loop_test(tc, dead_objects, 0, DEATHS);
    tcase_add_loop_test(tc, resized_object, 0, DEATHS);
    tcase_add_loop_test(tc, unmapped_is_not_free, 0, 2);
    return tc;
}
