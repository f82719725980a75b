/* A process dies at each point of the code between two stores that belong together, at the first time that
 * it passes there and at later ones; another goes on with its caches and locks as they are, and then all
 * is looked at. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crash.h"
#include "region.h"
#include "region/region.h"

enum { PATIENCE = 120, ROUNDS = 6, POINTS_MOST = 200 };

static const char *name;

/* ---- The one that dies ------------------------------------------------------------------------------ */

static struct {
    const char *point; /* where it dies */
    int passes;        /* left until then */
} death;

static void maybe_die(const struct crash_point *p)
{
    if (strcmp(p->name, death.point) == 0 && --death.passes == 0)
        kill(getpid(), SIGKILL);
}

/* Objects of all sorts come, grow, shrink and go. */
static void use_objects(gc_region *r)
{
    static const size_t sizes[] = {16, 48, 200, 3000, 9000, 30000, 65000, 70000, 300000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *kept[40];
        size_t count = sizes[i] < 10000 ? 40 : 10;
        for (size_t n = 0; n < count; n++)
            ENSURE((kept[n] = gc_region_alloc(r, sizes[i])));
        for (size_t n = 0; n < count; n += 2)
            ENSURE(gc_region_free(r, kept[n]) == 0);
        for (size_t n = 1; n < count; n += 8)
            ENSURE((kept[n] = gc_region_realloc(r, kept[n], sizes[i] * 3 / 2)));
        for (size_t n = 1; n < count; n += 2)
            ENSURE(gc_region_free(r, kept[n]) == 0);
    }
}

static void use_large(gc_region *r)
{
    char *large = gc_region_alloc_atomic(r, 30 << 20);
    ENSURE(large && gc_region_free(r, large) == 0);
    large = gc_region_alloc(r, 200000);
    ENSURE(large && (large = gc_region_realloc(r, large, 2000000)));
    ENSURE((large = gc_region_realloc(r, large, 600000)));
    ENSURE(gc_region_free(r, large) == 0);
}

/* So many of one size that magazines spill, and blocks become empty. */
static void use_many(gc_region *r)
{
    enum { MANY = 6000 };
    static void *objects[MANY];
    for (size_t n = 0; n < MANY; n++)
        ENSURE((objects[n] = gc_region_alloc(r, 100)));
    for (size_t n = 0; n < MANY; n++)
        if (n % 3)
            ENSURE(gc_region_free(r, objects[n]) == 0);
    for (size_t n = 0; n < MANY; n++)
        if (n % 3 == 0)
            ENSURE(gc_region_free(r, objects[n]) == 0);
}

static void use_names(gc_region *r, struct table *t)
{
    for (size_t i = 0; i < 3; i++) {
        char root[8];
        snprintf(root, sizeof root, "r%zu", i);
        ENSURE(gc_region_root_set(r, root, NULL) == 0);
        ENSURE(gc_region_root_remove(r, root) == 0);
        if (t->slots[i])
            ENSURE(gc_region_hold(r, t->slots[i]) == 0);
        if (t->slots[i] && i)
            ENSURE(gc_region_release(r, t->slots[i]) == 0);
    }
}

static void live(gc_region *r)
{
    for (int round = 0; round < ROUNDS; round++) {
        ENSURE(gc_region_begin(r) == 0);
        struct table *t = gc_region_root_get(r, "table");
        ENSURE(t);
        for (size_t i = 0; i < 8; i++)
            __atomic_store_n(&t->slots[roll(SLOTS)], make_tree(r, 3), __ATOMIC_RELEASE);
        use_objects(r);
        use_large(r);
        use_many(r);
        use_names(r, t);
        ENSURE(gc_region_end(r) == 0);
        if (gc_region_collect(r) != 0)
            ENSURE(errno == EBUSY);
    }
}

/* It ends with something in its cache. */
static void *live_in_a_thread(void *r)
{
    live(r);
    ENSURE(gc_region_begin(r) == 0);
    use_objects(r);
    ENSURE(gc_region_end(r) == 0);
    return NULL;
}

/* A process that dies at no point, in a bracket, with something held, and is to be buried. */
static void leave_one_dead(void)
{
    pid_t child = fork_child();
    if (child == 0) {
        crash_hook = NULL;
        gc_region *r = gc_region_open(name, 0);
        ENSURE(r && gc_region_begin(r) == 0);
        struct table *t = gc_region_root_get(r, "table");
        ENSURE(t && gc_region_hold(r, t) == 0);
        kill(getpid(), SIGKILL);
    }
    ENSURE(waitpid(child, NULL, 0) == child);
}

/* What is made anew is a region of its own. */
static void die(void *unused)
{
    (void)unused;
    char other[60];
    alarm(PATIENCE);
    seed = (uint64_t)death.passes * 977 + 1;
    crash_hook = maybe_die;
    snprintf(other, sizeof other, "%s-other", name);
    gc_region_unlink(other, 0);
    gc_region *made = gc_region_create(other, 1 << 20, 0, 0);
    ENSURE(made && gc_region_close(made) == 0 && gc_region_unlink(other, 0) == 0);
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r);
    pthread_t thread;
    leave_one_dead();
    ENSURE(pthread_create(&thread, NULL, live_in_a_thread, r) == 0);
    ENSURE(pthread_join(thread, NULL) == 0);
    live(r);
    ENSURE(gc_region_close(r) == 0);
}

/* ---- The one that goes on ---------------------------------------------------------------------------- */

/* It was in the region before the death, and allocates before anybody collects. */
static void go_on(int begins[2], int dies[2])
{
    char byte = 0;
    alarm(PATIENCE);
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r && gc_region_begin(r) == 0);
    use_objects(r);
    ENSURE(gc_region_end(r) == 0);
    ENSURE(write(begins[1], &byte, 1) == 1);
    ENSURE(read(dies[0], &byte, 1) == 1);
    ENSURE(gc_region_begin(r) == 0);
    use_objects(r);
    use_many(r);
    struct table *t = gc_region_root_get(r, "table");
    ENSURE(t);
    use_names(r, t);
    ENSURE(gc_region_end(r) == 0);
    while (gc_region_collect(r) != 0)
        ENSURE(errno == EBUSY);
    _exit(0);
}

static void look(void *unused)
{
    (void)unused;
    alarm(PATIENCE);
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r);
    check_region(r);
    ENSURE(gc_region_close(r) == 0);
}

static void make(void *unused)
{
    (void)unused;
    gc_region *r = gc_region_create(name, 128 << 20, 0, 0);
    ENSURE(r);
    make_table(r);
}

/* Whether it came to the point so often. */
static bool kill_at(const char *point, int passes)
{
    int begins[2], dies[2], status;
    char byte = 0;
    ck_assert(pipe(begins) == 0 && pipe(dies) == 0);
    pid_t other = fork_child();
    if (other == 0)
        go_on(begins, dies);
    ck_assert_int_eq(read(begins[0], &byte, 1), 1);
    death.point = point, death.passes = passes;
    status = in_child(die, NULL);
    bool died = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (!died && status != 0)
        ck_abort_msg("\"%s\", pass %d: status %x before it", point, passes, status);
    ck_assert_int_eq(write(dies[1], &byte, 1), 1);
    ck_assert_int_eq(waitpid(other, &status, 0), other);
    if (status != 0)
        ck_abort_msg("\"%s\", pass %d: status %x of who goes on", point, passes, status);
    status = in_child(look, NULL);
    if (status != 0)
        ck_abort_msg("\"%s\", pass %d: status %x when looked at", point, passes, status);
    for (int i = 0; i < 2; i++)
        close(begins[i]), close(dies[i]);
    return died;
}

/* Each name once, though inlined code has it several times. */
static size_t list_points(const char *names[POINTS_MOST])
{
    size_t count = 0;
    for (const struct crash_point *p = __start_gcalloc_points; p < __stop_gcalloc_points;
         p++) {
        size_t i = 0;
        while (i < count && strcmp(names[i], p->name) != 0)
            i++;
        if (i == count)
            names[count++] = p->name;
        ck_assert_uint_lt(count, POINTS_MOST);
    }
    return count;
}

/* With KILLS there are more passes. */
START_TEST(each_point)
{
    static const int passes[] = {1, 2, 5, 17, 60, 300, 1500};
    const char *names[POINTS_MOST];
    size_t count = list_points(names), deaths = 0;
    size_t most = getenv("KILLS") ? sizeof passes / sizeof passes[0] : 1;
    for (size_t i = 0; i < count; i++) {
        name = fresh_name(); /* which has yet to grow */
        ck_assert_int_eq(in_child(make, NULL), 0);
        for (size_t k = 0; k < most; k++) {
            bool died = kill_at(names[i], passes[k]);
            if (!died && k == 0)
                ck_abort_msg("\"%s\" was not reached", names[i]);
            deaths += died;
            if (!died)
                break;
        }
    }
    gc_region_unlink(name, 0);
    printf("%zu points, %zu deaths\n", count, deaths);
}
END_TEST

/* ---- A lock whose holder nobody knows -------------------------------------------------------------- */

/* As when the system began anew since: nobody has the slot that the lock's word names. */
static void die_with_lock(void *unused)
{
    (void)unused;
    gc_region *r = gc_region_create(name, 64 << 20, GC_REGION_EXCLUSIVE, 0);
    ENSURE(r);
    make_table(r);
    r->heap.numbers->extent_lock.word = LOCK_SHARED | REGION_THREADS;
    kill(getpid(), SIGKILL);
}

static void open_alone(void *unused)
{
    (void)unused;
    alarm(PATIENCE);
    gc_region *r = gc_region_open(name, 0);
    ENSURE(r);
    check_region(r);
}

START_TEST(unknown_holder)
{
    name = fresh_name();
    ck_assert_int_ne(in_child(die_with_lock, NULL), 0);
    ck_assert_int_eq(in_child(open_alone, NULL), 0);
    ck_assert_int_eq(gc_region_unlink(name, 0), 0);
}
END_TEST

TCase *points_case(void)
{
    TCase *tc = tcase_create("points");
    tcase_add_test(tc, unknown_holder);
    tcase_add_test(tc, each_point);
    return tc;
}
