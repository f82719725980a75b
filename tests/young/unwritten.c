/* Static data, of which young collections scan what was written since: what any word of it points to
 * lives, however and whenever it was written. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../roots/later.h"
#include "young.h"

enum {
    PAGE = 4096,
    PAGE_WORDS = PAGE / sizeof(void *),
    MUCH = 4 << 20, /* bytes */
    WORDS = MUCH / sizeof(void *),
    SOME = 1 << 20, /* bytes: as much as all other static data has at most */
};

/* Whole pages, in both sorts of segments. */
static _Alignas(PAGE) void *in_data[WORDS / 8] = {&in_data};
static _Alignas(PAGE) void *in_bss[WORDS];

static void begin(void)
{
    go_young("64M", true);
    collect(2);
    collect_young(2);
}

/* Filled between two young collections, and not written to from there on; then emptied. */
static void check_words(void **words)
{
    struct place place = place_words(words);
    struct victims *v = place_fill(place);
    for (int i = 0; i < 3; i++) {
        collect_young(1);
        victims_assert_intact(v);
    }
    place_clear(place);
    victims_assert_gone(v);
    free(v);
}

/* At the ends of the range, across pages, and where no page was ever touched. */
static void *const *const ranges[] = {
    in_data,
    in_data + WORDS / 16,
    in_data + WORDS / 8 - VICTIMS,
    in_bss,
    in_bss + PAGE_WORDS - VICTIMS / 2,
    in_bss + WORDS / 2,
    in_bss + WORDS - VICTIMS,
};

START_TEST(stored_in_between)
{
    begin();
    for (int i = 0; i < 2; i++)
        check_words((void **)ranges[_i]);
}
END_TEST

/* ---- What is scanned ------------------------------------------------------------------- */

static uint64_t scanned_by_one(void)
{
    struct gc_stats before = {.size = sizeof before}, after = {.size = sizeof after};
    gc_stats_get(&before);
    collect_young(1);
    gc_stats_get(&after);
    if (kernel_notes_writes())
        ck_assert_uint_eq(after.young_collections, before.young_collections + 1);
    return after.young_static_bytes - before.young_static_bytes;
}

static void write_to_pages(size_t pages)
{
    for (size_t i = 0; i < pages; i++)
        in_bss[3 * i * PAGE_WORDS] = NULL;
}

START_TEST(only_what_was_written)
{
    enum { PAGES = 300 };
    begin();
    if (!kernel_notes_writes())
        return;
    write_to_pages(PAGES);
    uint64_t once = scanned_by_one(), not_again = scanned_by_one();
    ck_assert_uint_lt(not_again, SOME);
    ck_assert_uint_lt(once, not_again + PAGES * PAGE + SOME / 2);
    ck_assert_uint_ge(once, PAGES * PAGE);
}
END_TEST

/* Pages that are written before each collection are left unprotected, and scanned each time. */
START_TEST(written_each_time)
{
    enum { PAGES = 40, TIMES = 8 };
    static struct victims *all[TIMES];
    begin();
    for (int full = 0; full < 2; full++) {
        for (int i = 0; i < TIMES; i++) {
            write_to_pages(PAGES);
            all[i] = place_fill(place_words(in_bss + 8 + i * VICTIMS));
            uint64_t scanned = scanned_by_one();
            if (kernel_notes_writes()) {
                ck_assert_uint_ge(scanned, PAGES * PAGE);
                ck_assert_uint_lt(scanned, SOME);
            }
            for (int j = 0; j <= i; j++)
                victims_assert_intact(all[j]);
        }
        for (int i = 0; i < TIMES; i++) {
            place_clear(place_words(in_bss + 8 + i * VICTIMS));
            victims_assert_gone(all[i]);
            free(all[i]);
        }
    }
}
END_TEST

/* ---- What becomes of the memory -------------------------------------------------------- */

/* In the midst of the range. */
static char *const midst = (char *)(in_bss + WORDS / 2);

static void *at_midst(int sharing, int file)
{
    void *p = mmap(midst, SOME, PROT_READ | PROT_WRITE, sharing | MAP_FIXED, file, 0);
    ck_assert_ptr_eq(p, midst);
    return p;
}

static void replaced(void)
{
    at_midst(MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void discarded(void)
{
    ck_assert_int_eq(madvise(midst, SOME, MADV_DONTNEED), 0);
}

static void closed_for_a_while(void)
{
    ck_assert_int_eq(mprotect(midst, SOME, PROT_NONE), 0);
    collect_young(1);
    ck_assert_int_eq(mprotect(midst, SOME, PROT_READ | PROT_WRITE), 0);
}

static void descriptors_closed(void)
{
    for (int file = 3; file < 200; file++)
        close(file);
}

/* Whoever watches the memory first has it. */
static void watched_by_others(void)
{
    uint64_t api[3] = {0xAA, 1 << 13 | 1 << 15, 0};
    uint64_t range[4] = {(uintptr_t)midst, SOME, 2, 0};
    int file = (int)syscall(SYS_userfaultfd, 1);
    replaced();
    if (file >= 0 && ioctl(file, _IOWR(0xAA, 0x3F, uint64_t[3]), api) == 0)
        ck_assert_int_eq(ioctl(file, _IOWR(0xAA, 0, uint64_t[4]), range), 0);
}

static void (*const changes[])(void) = {replaced, discarded, closed_for_a_while,
                                        descriptors_closed, watched_by_others};
enum { CHANGES = sizeof changes / sizeof changes[0] };

/* Before a full collection comes to know of it, and after. */
START_TEST(memory_that_changes)
{
    begin();
    in_bss[WORDS / 2] = NULL;
    collect_young(2);
    changes[_i]();
    check_words(in_bss + WORDS / 2 + PAGE_WORDS);
    check_words(in_bss + WORDS / 2 - VICTIMS / 2);
    collect(1);
    changes[_i]();
    collect_young(1);
    check_words(in_bss + WORDS / 2 + PAGE_WORDS);
}
END_TEST

/* What is written by way of another mapping nobody notes. */
START_TEST(shared_memory)
{
    begin();
    int file = memfd_create("static", 0);
    ck_assert_int_eq(ftruncate(file, SOME), 0);
    at_midst(MAP_SHARED, file);
    void **other = mmap(NULL, SOME, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ck_assert_ptr_ne(other, MAP_FAILED);
    for (int i = 0; i < 3; i++) {
        check_words(other + PAGE_WORDS);
        collect(2);
        collect_young(2);
    }
}
END_TEST

START_TEST(children_of_fork)
{
    begin();
    for (int i = 0; i < 2; i++) {
        struct victims *v = place_fill(place_words(in_bss + i * VICTIMS));
        pid_t child = fork();
        int status;
        if (child == 0) {
            check_words(in_bss + WORDS / 2);
            victims_assert_intact(v);
            collect(1);
            check_words(in_bss + WORDS / 2);
            _exit(0);
        }
        check_words(in_bss + WORDS / 2);
        victims_assert_intact(v);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        free(v);
    }
}
END_TEST

/* ---- Libraries --------------------------------------------------------------------------- */

/* It commonly gets the same addresses again. */
START_TEST(library_loaded_again)
{
    begin();
    for (int i = 0; i < 6; i++) {
        void *handle;
        struct library_places l = later_load(&handle);
        if (i % 3 == 1)
            collect(1);
        check_words(l.bss);
        check_words(l.data);
        collect_young((unsigned)i % 2);
        check_words(l.bss);
        ck_assert_int_eq(dlclose(handle), 0);
        collect_young((unsigned)i % 2);
    }
}
END_TEST

/* An option that is changed in between. */
START_TEST(not_young_for_a_while)
{
    begin();
    struct victims *v = place_fill(place_words(in_bss + WORDS / 2));
    collect_young(2);
    ck_assert_int_eq(gc_option_set("generations", "never"), 0);
    collect(1);
    check_words(in_bss);
    ck_assert_int_eq(gc_option_set("generations", "always"), 0);
    check_words(in_bss);
    collect(1);
    check_words(in_bss);
    victims_assert_intact(v);
    free(v);
}
END_TEST

TCase *unwritten_case(void)
{
    TCase *t = tcase_create("unwritten");
    tcase_add_loop_test(t, stored_in_between, 0, sizeof ranges / sizeof ranges[0]);
    tcase_add_test(t, only_what_was_written);
    tcase_add_test(t, written_each_time);
    tcase_add_loop_test(t, memory_that_changes, 0, CHANGES);
    tcase_add_test(t, shared_memory);
    tcase_add_test(t, children_of_fork);
    tcase_add_test(t, library_loaded_again);
    tcase_add_test(t, not_young_for_a_while);
    return t;
}
