/* What a program does with regions. */
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

struct link {
    struct link *next;
    long value;
};

static gc_region *r;
static const char *name;

static void set_up(void)
{
    name = fresh_name();
    r = gc_region_create(name, 64 << 20, 0, 0);
    ck_assert_msg(r != NULL, "%s", gc_region_error());
}

static void tear_down(void)
{
    ck_assert_int_eq(gc_region_unlink(name, 0), 0);
}

/* In a frame of its own, of which nothing stays on the stack that is scanned later. */
__attribute__((noinline)) static void make_list(gc_region *region, const char *root,
                                                long count)
{
    struct link *list = NULL;
    ENSURE(gc_region_begin(region) == 0);
    for (long i = 0; i < count; i++) {
        struct link *l = gc_region_alloc(region, sizeof *l);
        ENSURE(l && gc_region_alloc(region, 40));
        l->next = list, l->value = i;
        list = l;
    }
    ENSURE(gc_region_root_set(region, root, list) == 0);
    ENSURE(gc_region_end(region) == 0);
}

static long sum_list(gc_region *region, const char *root)
{
    long sum = 0;
    ENSURE(gc_region_begin(region) == 0);
    for (struct link *l = gc_region_root_get(region, root); l; l = l->next)
        sum += l->value;
    ENSURE(gc_region_end(region) == 0);
    return sum;
}

static size_t live_objects(gc_region *region)
{
    struct gc_region_stats s;
    ENSURE(gc_region_collect(region) == 0);
    ENSURE(gc_region_stats(region, &s) == 0);
    return s.live_objects;
}

/* ---- Reachability ------------------------------------------------------------------------------------ */

START_TEST(what_roots_lead_to_stays)
{
    make_list(r, "list", 1000);
    ck_assert_uint_eq(live_objects(r), 1000);
    ck_assert_int_eq(sum_list(r, "list"), 999 * 1000 / 2);
    ck_assert_int_eq(gc_region_root_remove(r, "list"), 0);
    ck_assert_uint_eq(live_objects(r), 0);
    ck_assert_int_eq(gc_region_root_remove(r, "list"), -1);
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* In a bracket the stack of the collecting thread counts. */
START_TEST(what_the_stack_leads_to_stays_in_a_bracket)
{
    ck_assert_int_eq(gc_region_begin(r), 0);
    struct link *volatile kept = gc_region_alloc(r, sizeof(struct link));
    kept->next = gc_region_alloc(r, sizeof(struct link));
    kept->next->value = 7;
    ck_assert_int_eq(gc_region_collect(r), 0);
    ck_assert_int_eq(kept->next->value, 7);
    ck_assert_ptr_eq(gc_region_base(r, (char *)kept + 3), kept);
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_uint_eq(live_objects(r), 0);
}
END_TEST

static int waits[2], goes[2];

/* Stays in a bracket until it is told to end. */
static void *stay(void *unused)
{
    char byte = 0;
    (void)unused;
    ENSURE(gc_region_begin(r) == 0);
    struct link *volatile kept = gc_region_alloc(r, sizeof(struct link));
    kept->value = 11;
    ENSURE(write(waits[1], &byte, 1) == 1 && read(goes[0], &byte, 1) == 1);
    ENSURE(kept->value == 11 && gc_region_base(r, kept) == kept);
    ENSURE(gc_region_end(r) == 0);
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
    ck_assert_uint_ge(live_objects(r), 1);
    let_go();
    pthread_join(thread, NULL);
    ck_assert_uint_eq(live_objects(r), 0);
}
END_TEST

/* Its bracket holds up the collection, which names it; its death does not. */
START_TEST(another_process_in_a_bracket)
{
    char who[40];
    ck_assert(pipe(waits) == 0 && pipe(goes) == 0);
    ck_assert_int_eq(gc_option_set("region_wait", "50"), 0);
    make_list(r, "list", 10);
    pid_t child = fork_child();
    if (child == 0) {
        stay(NULL);
        _exit(0);
    }
    await_byte();
    ck_assert_int_eq(gc_region_collect(r), -1);
    ck_assert_int_eq(errno, ETIMEDOUT);
    snprintf(who, sizeof who, "process %d ", (int)child);
    ck_assert_ptr_nonnull(strstr(gc_region_error(), who));
    if (_i)
        let_go();
    else
        kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_uint_eq(live_objects(r), 10);
}
END_TEST

static void hold_and_die(void *unused)
{
    (void)unused;
    ENSURE(gc_region_begin(r) == 0);
    struct link *l = gc_region_root_get(r, "list");
    ENSURE(gc_region_hold(r, l) == 0 && gc_region_root_remove(r, "list") == 0);
    ENSURE(gc_region_end(r) == 0);
    ENSURE(live_objects(r) == 10);
    kill(getpid(), SIGKILL);
}

START_TEST(holds)
{
    struct gc_region_stats s;
    make_list(r, "list", 10);
    ck_assert_int_eq(gc_region_begin(r), 0);
    struct link *l = gc_region_root_get(r, "list");
    uint64_t place = gc_region_offset(r, l);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(gc_region_hold(r, l), 0);
    ck_assert_int_eq(gc_region_hold(r, &l->value), -1);
    ck_assert_int_eq(gc_region_root_set(r, "list", NULL), 0);
    l = NULL;
    ck_assert_int_eq(gc_region_end(r), 0);
    for (int i = 2; i > 0; i--) {
        ck_assert_uint_eq(live_objects(r), 10);
        ck_assert_int_eq(gc_region_begin(r), 0);
        ck_assert_int_eq(gc_region_release(r, gc_region_pointer(r, place)), 0);
        ck_assert_int_eq(gc_region_end(r), 0);
    }
    ck_assert_uint_eq(live_objects(r), 0);
    ck_assert_int_eq(gc_region_begin(r), 0);
    ck_assert_int_eq(gc_region_release(r, gc_region_pointer(r, place)), -1);
    ck_assert_int_eq(gc_region_end(r), 0);
    make_list(r, "list", 10);
    ck_assert_int_ne(in_child(hold_and_die, NULL), 0);
    ck_assert_uint_eq(live_objects(r), 0);
    ck_assert_int_eq(gc_region_stats(r, &s), 0);
    ck_assert_uint_eq(s.holds, 0);
    ck_assert_uint_eq(s.processes, 1);
}
END_TEST

/* As many as there is room for, in an order in which places are used again. */
START_TEST(many_holds)
{
    enum { MANY = 49152 };
    void **objects = calloc(MANY + 1, sizeof *objects);
    ck_assert_int_eq(gc_region_begin(r), 0);
    for (size_t i = 0; i <= MANY; i++)
        objects[i] = gc_region_alloc(r, 16);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < MANY; i++)
            ck_assert_int_eq(gc_region_hold(r, objects[(i * 7919) % MANY]), 0);
        for (size_t i = 0; i < MANY; i++)
            ck_assert_int_eq(gc_region_release(r, objects[(i * 31) % MANY]), 0);
    }
    size_t held = 0;
    while (held <= MANY && gc_region_hold(r, objects[held]) == 0)
        held++;
    ck_assert_uint_ge(held, MANY / 2);
    for (size_t i = 0; i < held; i++)
        ck_assert_int_eq(gc_region_release(r, objects[i]), 0);
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_int_eq(gc_region_check(r), 0);
}
END_TEST

/* ---- Objects ----------------------------------------------------------------------------------------- */

START_TEST(only_in_brackets)
{
    ck_assert_ptr_null(gc_region_alloc(r, 16));
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(gc_region_end(r), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(gc_region_begin(r), 0);
    ck_assert_int_eq(gc_region_begin(r), 0);
    void *object = gc_region_alloc(r, 16);
    ck_assert_ptr_nonnull(object);
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_ptr_eq(gc_region_base(r, object), object);
    ck_assert_int_eq(gc_region_close(r), -1);
    ck_assert_int_eq(errno, EBUSY);
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_int_eq(gc_region_free(r, object), -1);
    ck_assert_int_eq(errno, EPERM);
}
END_TEST

START_TEST(sizes)
{
    ck_assert_int_eq(gc_region_begin(r), 0);
    for (size_t size = 0; size < 3000000; size = size * 5 / 4 + 1) {
        unsigned char *p = gc_region_alloc(r, size);
        ck_assert_msg(p != NULL, "%zu: %s", size, gc_region_error());
        ck_assert_uint_ge(gc_region_usable_size(r, p), size);
        for (size_t i = 0; i < size; i++)
            if (p[i])
                ck_abort_msg("byte %zu of %zu is not zero", i, size);
        memset(p, 0xff, gc_region_usable_size(r, p));
        p = gc_region_realloc(r, p, size * 2 + 1);
        ck_assert_ptr_nonnull(p);
        for (size_t i = 0; i < size; i++)
            if (p[i] != 0xff)
                ck_abort_msg("byte %zu of %zu is lost", i, size);
        ck_assert_int_eq(gc_region_free(r, p), 0);
        ck_assert_int_eq(gc_region_free(r, p), -1);
        ck_assert_int_eq(errno, EINVAL);
    }
    for (size_t alignment = 16; alignment <= 4 << 20; alignment *= 2) {
        void *p = gc_region_alloc_aligned(r, alignment, 100);
        ck_assert_uint_eq((uintptr_t)p % alignment, 0);
        ck_assert_ptr_nonnull(p);
    }
    ck_assert_ptr_null(gc_region_alloc_aligned(r, 24, 100));
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_int_eq(gc_region_check(r), 0);
}
END_TEST

struct typed {
    struct link *pointer;
    uintptr_t number; /* looks like a pointer */
};

static gc_region_layout layout_of_typed(void)
{
    return gc_region_layout_get(r, sizeof(struct typed), (size_t[]){0}, 1);
}

__attribute__((noinline)) static void make_typed(void)
{
    ENSURE(gc_region_begin(r) == 0);
    struct typed *t = gc_region_alloc_layout(r, layout_of_typed());
    ENSURE(t && !t->pointer && !t->number);
    t->pointer = gc_region_alloc(r, sizeof(struct link));
    t->number = (uintptr_t)gc_region_alloc(r, sizeof(struct link));
    t->pointer->value = 5;
    ENSURE(gc_region_root_set(r, "typed", t) == 0);
    ENSURE(gc_region_end(r) == 0);
}

/* It has never asked for the type. */
static void collect_elsewhere(void *unused)
{
    (void)unused;
    struct gc_region_stats s;
    gc_region *other = gc_region_open(name, 0);
    ENSURE(other && gc_region_collect(other) == 0 && gc_region_check(other) == 0);
    ENSURE(gc_region_stats(other, &s) == 0 && s.live_objects == 2);
}

START_TEST(layouts)
{
    ck_assert_uint_ne(layout_of_typed(), 0);
    ck_assert_uint_eq(layout_of_typed(), layout_of_typed());
    ck_assert_uint_eq(gc_region_layout_get(r, 513, NULL, 0), 0);
    ck_assert_uint_eq(gc_region_layout_get(r, 16, (size_t[]){12}, 1), 0);
    ck_assert_uint_eq(gc_region_layout_get(r, 16, (size_t[]){16}, 1), 0);
    make_typed();
    ck_assert_uint_eq(live_objects(r), 2);
    ck_assert_int_eq(gc_region_close(r), 0);
    ck_assert_int_eq(in_child(collect_elsewhere, NULL), 0);
    r = gc_region_open(name, 0);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(gc_region_begin(r), 0);
    ck_assert_ptr_null(gc_region_alloc_layout(r, 200));
    struct typed *t = gc_region_root_get(r, "typed");
    ck_assert_int_eq(t->pointer->value, 5);
    ck_assert_ptr_null(gc_region_base(r, (void *)t->number));
    ck_assert_ptr_eq(gc_region_realloc(r, t, 10), t);
    ck_assert_ptr_null(gc_region_realloc(r, t, 1000));
    for (int i = 0; i < 5000; i++) {
        void *typed = gc_region_alloc_layout(r, layout_of_typed());
        ck_assert_ptr_nonnull(typed);
        ck_assert_int_eq(gc_region_free(r, typed), 0);
    }
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_uint_eq(live_objects(r), 2);
    size_t size = 8;
    while (gc_region_layout_get(r, size % 512 + 1, (size_t[]){size % 3 * 8},
                                size % 512 > 30))
        size++;
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_uint_eq(live_objects(r), 2);
}
END_TEST

/* Garbage makes room; what lives does not, and nothing of it is lost. */
START_TEST(the_limit)
{
    make_list(r, "list", 1000);
    for (int i = 0; i < 300; i++) {
        ck_assert_int_eq(gc_region_begin(r), 0);
        ck_assert_ptr_nonnull(gc_region_alloc(r, 1 << 20));
        ck_assert_int_eq(gc_region_end(r), 0);
    }
    ck_assert_int_eq(gc_region_begin(r), 0);
    void **chain = NULL, **next;
    while ((next = gc_region_alloc(r, 100000))) {
        *next = chain;
        chain = next;
    }
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_nonnull(strstr(gc_region_error(), "limit"));
    ck_assert_ptr_nonnull(chain);
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_uint_eq(live_objects(r), 1000);
    ck_assert_int_eq(sum_list(r, "list"), 999 * 1000 / 2);
}
END_TEST

static blkcnt_t blocks_of(const char *file)
{
    struct stat found;
    ck_assert_int_eq(stat(file, &found), 0);
    return found.st_blocks; /* of 512 bytes */
}

/* What is free goes back to the system, and may be had again. */
START_TEST(memory_goes_back)
{
    char file[60];
    snprintf(file, sizeof file, "/dev/shm%s", name);
    for (int round = 0; round < 3; round++) {
        ck_assert_int_eq(gc_region_begin(r), 0);
        char *large = gc_region_alloc(r, 40 << 20);
        ck_assert_ptr_nonnull(large);
        for (size_t i = 0; i < 40 << 20; i += 1000)
            if (large[i])
                ck_abort_msg("byte %zu is not zero", i);
        memset(large, 1, 40 << 20);
        ck_assert_int_ge(blocks_of(file), (40 << 20) / 512);
        if (round == 1)
            ck_assert_int_eq(gc_region_free(r, large), 0);
        large = NULL;
        ck_assert_int_eq(gc_region_end(r), 0);
        ck_assert_uint_eq(live_objects(r), 0);
        ck_assert_int_le(blocks_of(file), (16 << 20) / 512);
    }
}
END_TEST

START_TEST(places)
{
    ck_assert_int_eq(gc_region_begin(r), 0);
    char *p = gc_region_alloc(r, 100);
    ck_assert_ptr_eq(gc_region_pointer(r, gc_region_offset(r, p)), p);
    ck_assert_ptr_eq(gc_region_pointer(r, gc_region_offset(r, p + 9)), p + 9);
    ck_assert_uint_eq(gc_region_offset(r, &p), 0);
    ck_assert_uint_eq(gc_region_offset(r, NULL), 0);
    ck_assert_ptr_null(gc_region_pointer(r, 0));
    ck_assert_ptr_null(gc_region_pointer(r, UINT64_MAX));
    ck_assert_int_eq(gc_region_end(r), 0);
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
        ck_assert_int_eq(gc_region_root_set(r, root, NULL), 0);
    }
    ck_assert_int_eq(gc_region_root_set(r, "y", NULL), -1);
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_int_eq(gc_region_begin(r), 0);
    ck_assert_int_eq(gc_region_root_list(r, count_root, &count), 5);
    for (int i = 0; i < 1024; i += 2) {
        snprintf(root, sizeof root, "x%d", i);
        ck_assert_int_eq(gc_region_root_remove(r, root), 0);
        ck_assert_ptr_null(gc_region_root_get(r, root));
        ck_assert_int_eq(errno, ENOENT);
    }
    void *object = gc_region_alloc(r, 16), *expected = NULL;
    ck_assert_int_eq(gc_region_root_swap(r, "y", &expected, object), 1);
    ck_assert_int_eq(gc_region_root_swap(r, "y", &expected, NULL), 0);
    ck_assert_ptr_eq(expected, object);
    ck_assert_ptr_eq(gc_region_root_get(r, "y"), object);
    memset(root, 'n', sizeof root);
    root[48] = '\0';
    ck_assert_int_eq(gc_region_root_set(r, root, object), -1);
    ck_assert_int_eq(errno, EINVAL);
    root[47] = '\0';
    ck_assert_int_eq(gc_region_root_set(r, root, object), 0);
    ck_assert_ptr_eq(gc_region_root_get(r, root), object);
    ck_assert_int_eq(gc_region_root_set(r, "z", &object), -1);
    ck_assert_int_eq(gc_region_root_set(r, "", object), -1);
    ck_assert_int_eq(gc_region_end(r), 0);
}
END_TEST

/* ---- Processes --------------------------------------------------------------------------------------- */

/* After fork a process is in no bracket, and a member of its own. */
static void use_after_fork(void *unused)
{
    (void)unused;
    struct gc_region_stats s;
    ENSURE(!gc_region_alloc(r, 16) && errno == EPERM);
    ENSURE(sum_list(r, "list") == 45);
    ENSURE(gc_region_stats(r, &s) == 0 && s.processes == 2);
    make_list(r, "child's", 5);
}

START_TEST(children)
{
    make_list(r, "list", 10);
    ck_assert_int_eq(gc_region_begin(r), 0);
    ck_assert_int_eq(in_child(use_after_fork, NULL), 0);
    ck_assert_ptr_nonnull(gc_region_alloc(r, 16));
    ck_assert_int_eq(gc_region_end(r), 0);
    ck_assert_int_eq(sum_list(r, "child's"), 10);
    ck_assert_uint_eq(live_objects(r), 15);
}
END_TEST

START_TEST(opened_twice)
{
    gc_region *again = gc_region_open(name, 0);
    ck_assert_ptr_eq(again, r);
    ck_assert_int_eq(gc_region_close(r), 0);
    make_list(r, "list", 10);
    ck_assert_int_eq(gc_region_close(r), 0);
    ck_assert_int_eq(gc_region_begin(r), -1);
    ck_assert_ptr_null(gc_region_create(name, 64 << 20, GC_REGION_EXCLUSIVE, 0));
    ck_assert_int_eq(errno, EEXIST);
    r = gc_region_create(name, 1 << 20, 0, 0);
    ck_assert_msg(r != NULL, "%s", gc_region_error());
    ck_assert_int_eq(sum_list(r, "list"), 45);
}
END_TEST

static void *work(void *list)
{
    for (int i = 0; i < 20; i++) {
        make_list(r, list, 2000);
        ENSURE(sum_list(r, list) == 1999L * 1000);
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
    ck_assert_uint_eq(live_objects(r), 8000);
    ck_assert_int_eq(gc_region_stats(r, &s), 0);
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
    ck_assert_int_eq(gc_region_sync(r), -1);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* ---- The case ---------------------------------------------------------------------------------------- */

static void *make_little(void *unused)
{
    ENSURE(gc_region_begin(r) == 0);
    ENSURE(gc_region_alloc(r, 16) != NULL);
    ENSURE(gc_region_end(r) == 0);
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
    make_list(r, "list", 10);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, start_many, NULL), 0);
    for (int i = 0; i < 3; i++)
        while (pthread_tryjoin_np(thread[i], NULL) != 0)
            ENSURE(gc_region_collect(r) == 0 || errno == EBUSY || errno == EAGAIN);
    ck_assert_int_eq(sum_list(r, "list"), 45);
    ck_assert_uint_eq(live_objects(r), 10);
}
END_TEST

TCase *use_case(void)
{
    TCase *tc = tcase_create("use");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, what_roots_lead_to_stays);
    tcase_add_test(tc, what_the_stack_leads_to_stays_in_a_bracket);
    tcase_add_test(tc, another_thread_in_a_bracket);
    tcase_add_loop_test(tc, another_process_in_a_bracket, 0, 2);
    tcase_add_test(tc, holds);
    tcase_add_test(tc, many_holds);
    tcase_add_test(tc, only_in_brackets);
    tcase_add_test(tc, sizes);
    tcase_add_test(tc, layouts);
    tcase_add_test(tc, the_limit);
    tcase_add_test(tc, memory_goes_back);
    tcase_add_test(tc, places);
    tcase_add_test(tc, roots);
    tcase_add_test(tc, children);
    tcase_add_test(tc, opened_twice);
    tcase_add_test(tc, threads);
    tcase_add_test(tc, threads_end_meanwhile);
    tcase_add_loop_test(tc, files, 0, 3);
    return tc;
}
