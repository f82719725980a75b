/* What others find after a death: a gate that nobody opens any more, slots of those who have just begun or whom the system
 * does not know; and after a power cut, which leaves pages of a file as they were at different times. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crash.h"
#include "region.h"
#include "region/region.h"

static char path[200];
static gc_region *file;

static void name_file(void)
{
    snprintf(path, sizeof path, "%s/gcalloc-deaths-%d",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
}

static void make_file(void)
{
    file = gc_region_create(path, 16 << 20, GC_REGION_FILE, 0);
    ENSURE(file);
    make_list(file, "list", 100);
}

static void unlink_file(void)
{
    gc_region_unlink(path, GC_REGION_FILE);
}

/* ---- A gate that nobody opens ------------------------------------------------------------------------ */

static const char *const points[] = {"gate: closed",      "collect: suspect",
                                     "rebuild: blocks",   "collect: rebuilt",
                                     "collect: marked",   "collect: swept",
                                     "gate: to be opened"};
enum { POINTS = sizeof points / sizeof points[0] };

static const char *point;

static void maybe_die(const struct crash_point *p)
{
    if (strcmp(p->name, point) == 0)
        kill(getpid(), SIGKILL);
}

static void collect_and_die(void *unused)
{
    (void)unused;
    crash_hook = maybe_die;
    gc_region_collect(file);
}

/* Who comes next collects, whatever it came for. */
START_TEST(orphaned_gate)
{
    make_file();
    point = points[_i % POINTS];
    ck_assert_int_eq(in_child(collect_and_die, NULL), SIGKILL);
    ck_assert_uint_ne(file->header->gate, 0);
    uint64_t before = file->header->collections;
    if (_i < POINTS)
        ck_assert_int_eq(gc_region_sync(file), 0);
    else
        ck_assert_int_eq(gc_region_check(file), 0);
    ck_assert_uint_gt(file->header->collections, before);
    ck_assert(file->header->gate == 0 && file->header->suspect == 0);
    ck_assert_int_eq(sum_list(file, "list"), 4950);
}
END_TEST

/* Nor is it opened by who is kept from collecting. */
static void fail_to_collect(void *unused)
{
    (void)unused;
    ENSURE(gc_region_collect(file) == -1 && errno == EBADMSG);
    ENSURE(region_gate_is_orphaned(file));
    ENSURE(gc_region_sync(file) == -1 && errno == EBADMSG);
    ENSURE(region_gate_is_orphaned(file));
}

START_TEST(orphaned_gate_stays_closed)
{
    make_file();
    point = "collect: rebuilt";
    ck_assert_int_eq(in_child(collect_and_die, NULL), SIGKILL);
    uint32_t types = file->heap.numbers->typed_count;
    file->heap.numbers->typed_count = UINT32_MAX;
    ck_assert_int_eq(in_child(fail_to_collect, NULL), 0);
    file->heap.numbers->typed_count = types;
    ck_assert_int_eq(gc_region_begin(file),
                     0); /* waits until somebody has collected: that is itself */
    ck_assert(file->header->gate == 0 && file->header->suspect == 0);
    ck_assert_int_eq(gc_region_end(file), 0);
    ck_assert_int_eq(sum_list(file, "list"), 4950);
}
END_TEST

/* ---- Brackets that do not end ------------------------------------------------------------------------ */

static int waits[2], goes[2];

static void *stay(void *region)
{
    char byte = 0;
    ENSURE(gc_region_begin(region) == 0);
    ENSURE(write(waits[1], &byte, 1) == 1 && read(goes[0], &byte, 1) == 1);
    ENSURE(gc_region_end(region) == 0);
    return NULL;
}

static void begin_to_wait(void)
{
    ck_assert(pipe(waits) == 0 && pipe(goes) == 0);
    ck_assert_int_eq(gc_option_set("region_wait", "50"), 0);
}

static void await_byte(void)
{
    char byte;
    ck_assert_int_eq(read(waits[0], &byte, 1), 1);
}

static void let_go(void)
{
    ck_assert_int_eq(write(goes[1], "", 1), 1);
}

/* What another thread of the process has half done is neither written to the disk nor checked. */
START_TEST(own_threads_are_waited_for)
{
    pthread_t thread;
    make_file();
    begin_to_wait();
    ck_assert_int_eq(pthread_create(&thread, NULL, stay, file), 0);
    await_byte();
    ck_assert(gc_region_sync(file) == -1 && errno == ETIMEDOUT);
    ck_assert(gc_region_check(file) == -1 && errno == ETIMEDOUT);
    ck_assert_int_eq(gc_region_collect(file), 0);
    let_go();
    pthread_join(thread, NULL);
    ck_assert_int_eq(gc_region_sync(file), 0);
    ck_assert_int_eq(gc_region_begin(file), 0);
    ck_assert_int_eq(gc_region_check(file), 0);
    ck_assert_int_eq(gc_region_end(file), 0);
}
END_TEST

/* Is said again in what gc_region_error returns if it was waited for again. */
static bool waits_again(void)
{
    ck_assert_int_eq(gc_region_begin(ours), 0);
    ck_assert_ptr_null(gc_region_root_get(ours, "none"));
    ck_assert_int_eq(gc_region_end(ours), 0);
    return strstr(gc_region_error(), "stays in a bracket") != NULL;
}

/* Each bracket that ends would wait for it, once the budget is used up. */
START_TEST(one_is_waited_for_once)
{
    begin_to_wait();
    pid_t child = fork_child();
    if (child == 0) {
        stay(ours);
        _exit(0);
    }
    await_byte();
    ck_assert_int_eq(gc_region_begin(ours), 0);
    for (int i = 0; i < 100; i++)
        ck_assert_ptr_nonnull(gc_region_alloc(ours, 60000));
    ck_assert_int_eq(gc_region_end(ours), 0);
    ck_assert_ptr_nonnull(strstr(gc_region_error(), "stays in a bracket"));
    ck_assert(!waits_again() && !waits_again());
    let_go();
    waitpid(child, NULL, 0);
}
END_TEST

/* ---- Who joins --------------------------------------------------------------------------------------- */

static void begin_and_end(void *unused)
{
    struct rlimit none = {0, 0};
    (void)unused;
    ENSURE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    ENSURE(gc_region_begin(ours) == 0);
}

/* When the thread began cannot be found out without a descriptor; that it has ended can. */
START_TEST(without_descriptors)
{
    make_list(ours, "list", 10);
    ck_assert_int_eq(in_child(begin_and_end, NULL), 0);
    ck_assert_uint_eq(live_objects(ours), 10);
}
END_TEST

static pid_t start_brother(void)
{
    pid_t child = fork_child();
    if (child == 0) {
        stay(ours);
        _exit(0);
    }
    return child;
}

/* Who has a lock of the second byte is about to join. */
static bool somebody_joins(int descriptor)
{
    struct flock second = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
    ck_assert_int_eq(fcntl(descriptor, F_GETLK, &second), 0);
    return second.l_type != F_UNLCK;
}

/* The child of a fork joins when it begins its first bracket.  While somebody opens the region, who may find that
 * nobody has it and forget all slots, it takes none. */
START_TEST(joining_waits_for_who_opens)
{
    ck_assert(pipe(waits) == 0 && pipe(goes) == 0);
    int descriptor = shm_open(our_name, O_RDWR, 0);
    ck_assert_int_eq(flock(descriptor, LOCK_EX), 0);
    unsigned before = region_count_threads(ours, NO_MEMBER);
    pid_t child = start_brother();
    while (!somebody_joins(descriptor) &&
           region_count_threads(ours, NO_MEMBER) == before &&
           waitpid(child, NULL, WNOHANG) == 0)
        usleep(1000);
    usleep(20000);
    ck_assert_uint_eq(region_count_threads(ours, NO_MEMBER), before);
    ck_assert_int_eq(flock(descriptor, LOCK_UN), 0);
    await_byte();
    ck_assert_uint_eq(region_count_threads(ours, NO_MEMBER), before + 1);
    let_go();
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

/* They have one open file, and so its lock together. */
START_TEST(brothers_are_members_each)
{
    enum { BROTHERS = 8 };
    pid_t children[BROTHERS];
    struct gc_region_stats s = {0};
    ck_assert(pipe(waits) == 0 && pipe(goes) == 0);
    for (int i = 0; i < BROTHERS; i++)
        children[i] = start_brother();
    for (int i = 0; i < BROTHERS; i++)
        await_byte();
    ck_assert_int_eq(gc_region_stats(ours, &s), 0);
    ck_assert_uint_eq(s.processes, BROTHERS + 1);
    ck_assert_uint_eq(s.threads, BROTHERS + 1);
    for (int i = 0; i < BROTHERS; i++)
        let_go();
    for (int i = 0; i < BROTHERS; i++)
        ck_assert_int_eq(waitpid(children[i], NULL, 0), children[i]);
}
END_TEST

/* ---- A power cut ------------------------------------------------------------------------------------- */

/* Writes to what the tables say was never written to since it was zero: its pages came to the disk, those of the
 * tables did not. */
static void write_unnoticed(const struct heap *h)
{
    for (uint32_t u = 1; u < h->numbers->unit_limit; u++)
        if (u >= unit_end(h) || (!word_used(h->words[u]) && !(h->words[u] & UNIT_DIRTY)))
            memset((void *)unit_address(h, u), 0x5a, UNIT_BYTES);
    for (uint32_t u = unit_end(h); u < h->numbers->unit_limit; u++)
        h->words[u] = UNIT_DIRTY;
}

static void cut_power(void *unused)
{
    (void)unused;
    make_file();
    ENSURE(gc_region_collect(file) == 0);
    write_unnoticed(&file->heap);
    file->header->boot[3] ^= 1;
    kill(getpid(), SIGKILL);
}

static bool is_zero(const char *object, size_t bytes)
{
    return object && object[0] == 0 && memcmp(object, object + 1, bytes - 1) == 0;
}

START_TEST(new_objects_are_zero_after_a_cut)
{
    static const size_t sizes[] = {16, 200, 9000, 60000, 300000};
    ck_assert_int_eq(in_child(cut_power, NULL), SIGKILL);
    file = gc_region_open(path, GC_REGION_FILE);
    ck_assert_msg(file != NULL, "%s", gc_region_error());
    ck_assert_int_eq(gc_region_check(file), 0);
    ck_assert_int_eq(sum_list(file, "list"), 4950);
    ck_assert_int_eq(gc_region_begin(file), 0);
    for (size_t n = 0; n < 30; n++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
            ck_assert(is_zero(gc_region_alloc(file, sizes[i]), sizes[i]));
    ck_assert_int_eq(gc_region_end(file), 0);
    ck_assert_int_eq(gc_region_check(file), 0);
}
END_TEST

/* The number of types came to the disk, the last of them did not. */
static void cut_types(void *same_system)
{
    make_file();
    for (size_t size = 16; size <= 48; size += 16)
        ENSURE(gc_region_layout_get(file, size, NULL, 0) == size / 16);
    memset(&file->types[3], 0, sizeof file->types[3]);
    if (!*(bool *)same_system)
        file->header->boot[3] ^= 1;
    kill(getpid(), SIGKILL);
}

START_TEST(types_after_a_cut)
{
    bool same_system = _i;
    ck_assert_int_eq(in_child(cut_types, &same_system), SIGKILL);
    file = gc_region_open(path, GC_REGION_FILE);
    if (same_system) {
        ck_assert(!file && errno == EBADMSG);
        return;
    }
    ck_assert_msg(file != NULL, "%s", gc_region_error());
    ck_assert_uint_eq(gc_region_layout_get(file, 32, NULL, 0), 2);
    ck_assert_uint_eq(gc_region_layout_get(file, 80, NULL, 0), 3);
    ck_assert_int_eq(sum_list(file, "list"), 4950);
}
END_TEST

TCase *deaths_case(void)
{
    TCase *tc = tcase_create("deaths");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, make_ours, unlink_ours);
    tcase_add_checked_fixture(tc, name_file, unlink_file);
    tcase_add_loop_test(tc, orphaned_gate, 0, 2 * POINTS);
    tcase_add_test(tc, orphaned_gate_stays_closed);
    tcase_add_test(tc, own_threads_are_waited_for);
    tcase_add_test(tc, one_is_waited_for_once);
    tcase_add_test(tc, without_descriptors);
    tcase_add_test(tc, joining_waits_for_who_opens);
    tcase_add_test(tc, brothers_are_members_each);
    tcase_add_test(tc, new_objects_are_zero_after_a_cut);
    tcase_add_loop_test(tc, types_after_a_cut, 0, 2);
    return tc;
}
