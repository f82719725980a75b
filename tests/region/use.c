/* What a program does with regions: what roots, stacks and holds keep in them, and which threads and
 * processes use them; regions in files. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "region.h"
#include "region/region.h"

/* ---- Reachability ------------------------------------------------------------------------------------ */

START_TEST(what_roots_lead_to_stays)
{
    make_list(ours, "list", 1000);
    ck_assert_uint_eq(live_objects(ours), 1000);
    ck_assert_int_eq(sum_list(ours, "list"), 999 * 1000 / 2);
    ck_assert_int_eq(gc_region_root_remove(ours, "list"), 0);
    ck_assert_uint_eq(live_objects(ours), 0);
    ck_assert_int_eq(gc_region_root_remove(ours, "list"), -1);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* In a bracket the stack of the collecting thread counts. */
START_TEST(what_the_stack_leads_to_stays_in_a_bracket)
{
    ck_assert_int_eq(gc_region_begin(ours), 0);
    struct link *volatile kept = gc_region_alloc(ours, sizeof(struct link));
    kept->next = gc_region_alloc(ours, sizeof(struct link));
    kept->next->value = 7;
    ck_assert_int_eq(gc_region_collect(ours), 0);
    ck_assert_int_eq(kept->next->value, 7);
    ck_assert_ptr_eq(gc_region_base(ours, (char *)kept + 3), kept);
    ck_assert_int_eq(gc_region_end(ours), 0);
    ck_assert_uint_eq(live_objects(ours), 0);
}
END_TEST

static int waits[2], goes[2];

/* Stays in a bracket until it is told to end. */
static void *stay(void *unused)
{
    char byte = 0;
    (void)unused;
    ENSURE(gc_region_begin(ours) == 0);
    struct link *volatile kept = gc_region_alloc(ours, sizeof(struct link));
    kept->value = 11;
    ENSURE(write(waits[1], &byte, 1) == 1 && read(goes[0], &byte, 1) == 1);
    ENSURE(kept->value == 11 && gc_region_base(ours, kept) == kept);
    ENSURE(gc_region_end(ours) == 0);
    return NULL;
}

static void await_byte(void)
{
    char byte;
    ck_assert_int_eq(read(waits[0], &byte, 1), 1);
}

static void let_go(void)
{
    char byte = 0;
    ck_assert_int_eq(write(goes[1], &byte, 1), 1);
}

/* Stacks of all threads of the process that collects. */
START_TEST(another_thread_in_a_bracket)
{
    pthread_t thread;
    ck_assert(pipe(waits) == 0 && pipe(goes) == 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, stay, NULL), 0);
    await_byte();
    ck_assert_uint_ge(live_objects(ours), 1);
    let_go();
    pthread_join(thread, NULL);
    ck_assert_uint_eq(live_objects(ours), 0);
}
END_TEST

/* Its bracket holds up the collection, which names it; its death does not. */
START_TEST(another_process_in_a_bracket)
{
    char who[40];
    ck_assert(pipe(waits) == 0 && pipe(goes) == 0);
    ck_assert_int_eq(gc_option_set("region_wait", "50"), 0);
    make_list(ours, "list", 10);
    pid_t child = fork_child();
    if (child == 0) {
        stay(NULL);
        _exit(0);
    }
    await_byte();
    ck_assert_int_eq(gc_region_collect(ours), -1);
    ck_assert_int_eq(errno, ETIMEDOUT);
    snprintf(who, sizeof who, "process %d ", (int)child);
    ck_assert_ptr_nonnull(strstr(gc_region_error(), who));
    if (_i)
        let_go();
    else
        kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_uint_eq(live_objects(ours), 10);
}
END_TEST

static void hold_and_die(void *unused)
{
    (void)unused;
    ENSURE(gc_region_begin(ours) == 0);
    struct link *l = gc_region_root_get(ours, "list");
    ENSURE(gc_region_hold(ours, l) == 0 && gc_region_root_remove(ours, "list") == 0);
    ENSURE(gc_region_end(ours) == 0);
    ENSURE(live_objects(ours) == 10);
    kill(getpid(), SIGKILL);
}

START_TEST(holds)
{
    struct gc_region_stats s;
    make_list(ours, "list", 10);
    ck_assert_int_eq(gc_region_begin(ours), 0);
    struct link *l = gc_region_root_get(ours, "list");
    uint64_t place = gc_region_offset(ours, l);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(gc_region_hold(ours, l), 0);
    ck_assert_int_eq(gc_region_hold(ours, &l->value), -1);
    ck_assert_int_eq(gc_region_root_set(ours, "list", NULL), 0);
    l = NULL;
    ck_assert_int_eq(gc_region_end(ours), 0);
    for (int i = 2; i > 0; i--) {
        ck_assert_uint_eq(live_objects(ours), 10);
        ck_assert_int_eq(gc_region_begin(ours), 0);
        ck_assert_int_eq(gc_region_release(ours, gc_region_pointer(ours, place)), 0);
        ck_assert_int_eq(gc_region_end(ours), 0);
    }
    ck_assert_uint_eq(live_objects(ours), 0);
    ck_assert_int_eq(gc_region_begin(ours), 0);
    ck_assert_int_eq(gc_region_release(ours, gc_region_pointer(ours, place)), -1);
    ck_assert_int_eq(gc_region_end(ours), 0);
    make_list(ours, "list", 10);
    ck_assert_int_ne(in_child(hold_and_die, NULL), 0);
    ck_assert_uint_eq(live_objects(ours), 0);
    ck_assert_int_eq(gc_region_stats(ours, &s), 0);
    ck_assert_uint_eq(s.holds, 0);
    ck_assert_uint_eq(s.processes, 1);
}
END_TEST

/* As many as there is room for, in an order in which places are used again. */
START_TEST(many_holds)
{
    enum { MANY = 49152 };
    void **objects = calloc(MANY + 1, sizeof *objects);
    ck_assert_int_eq(gc_region_begin(ours), 0);
    for (size_t i = 0; i <= MANY; i++)
        objects[i] = gc_region_alloc(ours, 16);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < MANY; i++)
            ck_assert_int_eq(gc_region_hold(ours, objects[(i * 7919) % MANY]), 0);
        for (size_t i = 0; i < MANY; i++)
            ck_assert_int_eq(gc_region_release(ours, objects[(i * 31) % MANY]), 0);
    }
    size_t held = 0;
    while (held <= MANY && gc_region_hold(ours, objects[held]) == 0)
        held++;
    ck_assert_uint_ge(held, MANY / 2);
    for (size_t i = 0; i < held; i++)
        ck_assert_int_eq(gc_region_release(ours, objects[i]), 0);
    ck_assert_int_eq(gc_region_end(ours), 0);
    ck_assert_int_eq(gc_region_check(ours), 0);
}
END_TEST

/* ---- Roots ------------------------------------------------------------------------------------------- */

static int count_root(const char *root, void *object, void *count)
{
    ENSURE(root[0] == 'x' && !object);
    return ++*(int *)count == 5 ? 5 : 0;
}

START_TEST(roots)
{
    char root[60];
    int count = 0;
    for (int i = 0; i < 1024; i++) {
        snprintf(root, sizeof root, "x%d", i);
        ck_assert_int_eq(gc_region_root_set(ours, root, NULL), 0);
    }
    ck_assert_int_eq(gc_region_root_set(ours, "y", NULL), -1);
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_int_eq(gc_region_begin(ours), 0);
    ck_assert_int_eq(gc_region_root_list(ours, count_root, &count), 5);
    for (int i = 0; i < 1024; i += 2) {
        snprintf(root, sizeof root, "x%d", i);
        ck_assert_int_eq(gc_region_root_remove(ours, root), 0);
        ck_assert_ptr_null(gc_region_root_get(ours, root));
        ck_assert_int_eq(errno, ENOENT);
    }
    void *object = gc_region_alloc(ours, 16), *expected = NULL;
    ck_assert_int_eq(gc_region_root_swap(ours, "y", &expected, object), 1);
    ck_assert_int_eq(gc_region_root_swap(ours, "y", &expected, NULL), 0);
    ck_assert_ptr_eq(expected, object);
    ck_assert_ptr_eq(gc_region_root_get(ours, "y"), object);
    memset(root, 'n', sizeof root);
    root[48] = '\0';
    ck_assert_int_eq(gc_region_root_set(ours, root, object), -1);
    ck_assert_int_eq(errno, EINVAL);
    root[47] = '\0';
    ck_assert_int_eq(gc_region_root_set(ours, root, object), 0);
    ck_assert_ptr_eq(gc_region_root_get(ours, root), object);
    ck_assert_int_eq(gc_region_root_set(ours, "z", &object), -1);
    ck_assert_int_eq(gc_region_root_set(ours, "", object), -1);
    ck_assert_int_eq(gc_region_end(ours), 0);
}
END_TEST

/* ---- Processes --------------------------------------------------------------------------------------- */

/* After fork a process is in no bracket, and a member of its own. */
static void use_after_fork(void *unused)
{
    (void)unused;
    struct gc_region_stats s;
    ENSURE(!gc_region_alloc(ours, 16) && errno == EPERM);
    ENSURE(sum_list(ours, "list") == 45);
    ENSURE(gc_region_stats(ours, &s) == 0 && s.processes == 2);
    make_list(ours, "child's", 5);
}

START_TEST(children)
{
    make_list(ours, "list", 10);
    ck_assert_int_eq(gc_region_begin(ours), 0);
    ck_assert_int_eq(in_child(use_after_fork, NULL), 0);
    ck_assert_ptr_nonnull(gc_region_alloc(ours, 16));
    ck_assert_int_eq(gc_region_end(ours), 0);
    ck_assert_int_eq(sum_list(ours, "child's"), 10);
    ck_assert_uint_eq(live_objects(ours), 15);
}
END_TEST

START_TEST(opened_twice)
{
    gc_region *again = gc_region_open(our_name, 0);
    ck_assert_ptr_eq(again, ours);
    ck_assert_int_eq(gc_region_close(ours), 0);
    make_list(ours, "list", 10);
    ck_assert_int_eq(gc_region_close(ours), 0);
    ck_assert_int_eq(gc_region_begin(ours), -1);
    ck_assert_ptr_null(gc_region_create(our_name, 64 << 20, GC_REGION_EXCLUSIVE, 0));
    ck_assert_int_eq(errno, EEXIST);
    ours = gc_region_create(our_name, 1 << 20, 0, 0);
    ck_assert_msg(ours != NULL, "%s", gc_region_error());
    ck_assert_int_eq(sum_list(ours, "list"), 45);
}
END_TEST

static void *work(void *list)
{
    for (int i = 0; i < 20; i++) {
        make_list(ours, list, 2000);
        ENSURE(sum_list(ours, list) == 1999L * 1000);
    }
    return NULL;
}

/* They end with caches that have something. */
START_TEST(threads)
{
    static char names[4][8] = {"a", "b", "c", "d"};
    pthread_t thread[4];
    struct gc_region_stats s;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, work, names[i]), 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    ck_assert_uint_eq(live_objects(ours), 8000);
    ck_assert_int_eq(gc_region_stats(ours, &s), 0);
    ck_assert_uint_eq(s.threads, 1);
}
END_TEST

/* ---- Files ------------------------------------------------------------------------------------------- */

static char path[100];

static void use_file(void *end)
{
    gc_region *file = gc_region_create(path, 256 << 20, GC_REGION_FILE, 0640);
    ENSURE(file);
    make_list(file, "list", 100);
    ENSURE(gc_region_sync(file) == 0);
    if (*(int *)end == 0)
        ENSURE(gc_region_close(file) == 0);
    else if (*(int *)end == 1)
        kill(getpid(), SIGKILL);
}

START_TEST(files)
{
    struct stat found;
    snprintf(path, sizeof path, "%s/gcalloc-region-%d",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
    umask(0022);
    in_child(use_file, &(int){_i});
    ck_assert_int_eq(stat(path, &found), 0);
    ck_assert_int_eq(found.st_mode & 0777, 0640);
    gc_region *file = gc_region_open(path, GC_REGION_FILE);
    ck_assert_msg(file != NULL, "%s", gc_region_error());
    ck_assert_int_eq(sum_list(file, "list"), 4950);
    ck_assert_uint_eq(live_objects(file), 100);
    ck_assert_int_eq(gc_region_close(file), 0);
    ck_assert_int_eq(gc_region_unlink(path, GC_REGION_FILE), 0);
    ck_assert_int_eq(gc_region_sync(ours), -1);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* Trees from an object that is scanned in pieces, in no order, with garbage between them. */
static void fill_index(gc_region *file)
{
    enum { TREES = 100, SPARSE = 2000 };
    ENSURE(gc_region_begin(file) == 0);
    void **index = gc_region_alloc(file, TREES * SPARSE * sizeof *index);
    ENSURE(index && gc_region_root_set(file, "index", index) == 0);
    for (size_t i = 0; i < TREES; i++) {
        index[i * 7919 % TREES * SPARSE] = make_tree(file, 3);
        ENSURE(index[i * 7919 % TREES * SPARSE] && make_tree(file, 1));
    }
    ENSURE(gc_region_end(file) == 0);
}

static size_t check_index(gc_region *file)
{
    size_t count = 1;
    ENSURE(gc_region_begin(file) == 0);
    struct node **index = gc_region_root_get(file, "index");
    size_t most = gc_region_usable_size(file, index) / sizeof *index;
    for (size_t i = 0; i < most; i++)
        count += check_tree(index[i]);
    ENSURE(gc_region_end(file) == 0);
    return count;
}

/* A collection of a file that is larger than memory, as it seems, goes by addresses. */
START_TEST(larger_than_memory)
{
    snprintf(path, sizeof path, "%s/gcalloc-region-%d",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
    gc_region *file = gc_region_create(path, 128 << 20, GC_REGION_FILE, 0);
    ck_assert_msg(file != NULL, "%s", gc_region_error());
    fill_index(file);
    file->space.memory = 0;
    size_t count = check_index(file);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(live_objects(file), count);
        ck_assert_uint_eq(check_index(file), count);
    }
    ck_assert_ptr_nonnull(file->collector.marker.far);
    ck_assert_int_eq(gc_region_check(file), 0);
    ck_assert_int_eq(gc_region_close(file), 0);
    ck_assert_int_eq(gc_region_unlink(path, GC_REGION_FILE), 0);
}
END_TEST

/* ---- The case ---------------------------------------------------------------------------------------- */

static void *make_little(void *unused)
{
    ENSURE(gc_region_begin(ours) == 0);
    ENSURE(gc_region_alloc(ours, 16) != NULL);
    ENSURE(gc_region_end(ours) == 0);
    return unused;
}

static void *start_many(void *unused)
{
    for (int i = 0; i < 150; i++) {
        pthread_t thread;
        ENSURE(pthread_create(&thread, NULL, make_little, NULL) == 0);
        ENSURE(pthread_join(thread, NULL) == 0);
    }
    return unused;
}

/* A collection stops them at every point of their ends. */
START_TEST(threads_end_meanwhile)
{
    pthread_t thread[3];
    make_list(ours, "list", 10);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, start_many, NULL), 0);
    for (int i = 0; i < 3; i++)
        while (pthread_tryjoin_np(thread[i], NULL) != 0)
            ENSURE(gc_region_collect(ours) == 0 || errno == EBUSY || errno == EAGAIN);
    ck_assert_int_eq(sum_list(ours, "list"), 45);
    ck_assert_uint_eq(live_objects(ours), 10);
}
END_TEST

TCase *use_case(void)
{
    TCase *tc = tcase_create("use");
    tcase_add_checked_fixture(tc, make_ours, unlink_ours);
    tcase_add_test(tc, what_roots_lead_to_stays);
    tcase_add_test(tc, what_the_stack_leads_to_stays_in_a_bracket);
    tcase_add_test(tc, another_thread_in_a_bracket);
    tcase_add_loop_test(tc, another_process_in_a_bracket, 0, 2);
    tcase_add_test(tc, holds);
    tcase_add_test(tc, many_holds);
    tcase_add_test(tc, roots);
    tcase_add_test(tc, children);
    tcase_add_test(tc, opened_twice);
    tcase_add_test(tc, threads);
    tcase_add_test(tc, threads_end_meanwhile);
    tcase_add_loop_test(tc, files, 0, 3);
    tcase_add_test(tc, larger_than_memory);
    return tc;
}
